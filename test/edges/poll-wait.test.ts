import { describe, expect, test } from 'vitest';
import { PollWait, type PollWaitOptions } from '../../sidecar/src/consul/poll-wait.ts';

describe('a poll blocks', () => {
  test.each<[string, PollWaitOptions, { readonly watches: number; readonly connections?: number }, number]>([
    ['55 s with few watches', {}, { watches: 1 }, 55_000],
    ['55 s still', {}, { watches: 180 }, 55_000],
    ['longer with many', {}, { watches: 360 }, 110_000],
    ['no longer than proxies take', {}, { watches: 5_000 }, 240_000],
    ['as long as somebody said', { fixedMs: 20_000 }, { watches: 5_000 }, 20_000],
    ['no longer than nothing may stay unseen', { unseenMs: 10_000 }, { watches: 1 }, 10_000],
    ['55 s however long something may stay unseen', { unseenMs: 600_000 }, { watches: 1 }, 55_000],
    ['longer than usual when somebody said so', { fixedMs: 500_000, unseenMs: 500_000 }, { watches: 1 }, 500_000],
    ['in the same proportion then', { unseenMs: 10_000 }, { watches: 360 }, 20_000],
    ['not at all as long as said then', { fixedMs: 100_000, unseenMs: 60_000 }, { watches: 1 }, 60_000],
    ['so that all have their turn', {}, { watches: 1_000, connections: 150 }, 1_200],
    ['a moment at least', {}, { watches: 1_000_000, connections: 10 }, 100],
    ['as long as a round is said to last', { roundMs: 1_000 }, { watches: 20, connections: 10 }, 500],
  ])('%s', (_what, options, { watches, connections = 10_000 }, ms) => {
    expect(new PollWait(options).ms(watches, connections)).toBe(ms);
  });
});

describe('behind a proxy', () => {
  test('that ends long polls, they are short from then on', () => {
    const wait = new PollWait({});
    wait.refused(504, 60_000);
    expect(wait.ms(1_000, 10_000)).toBe(55_000);
  });

  test.each([
    ['a refusal that came at once', 503, 20],
    ['one that no proxy gives', 403, 200_000],
  ])('%s says nothing of its patience', (_what, status, openMs) => {
    const wait = new PollWait({});
    wait.refused(status, openMs);
    expect(wait.ms(1_000, 10_000)).toBe(240_000);
  });
});
