import { expect, test } from 'vitest';
import { SseParser } from '../../sidecar/src/page/sse-parser.ts';
import { compareSummaries, durationOf, stateWord, toneOf } from '../../sidecar/src/page/words.ts';
import type { ApiSummary } from '../../sidecar/src/serve/api.ts';

function summary(given: Partial<ApiSummary> = {}): ApiSummary {
  return {
    upstream: 'web',
    state: 'in_sync',
    service: 'web',
    targets: 2,
    instances: { registered: 2, healthy: 2, maintenance: 0 },
    malformed: 0,
    problem: null,
    hold: null,
    pending: 0,
    remark: '',
    consul_failing: false,
    ...given,
  };
}

const hold = {
  reason: 'fleet_limit',
  why: 'too many would go',
  removals: 3,
  until: null,
  ends: 'for hold_seconds',
  force: true,
};

test.each<[Partial<ApiSummary>, string, string]>([
  [{}, 'good', 'In sync'],
  [{ state: 'error', problem: 'Kong answered 400' }, 'bad', 'Error'],
  [{ state: 'conflict' }, 'bad', 'Conflict'],
  [{ state: 'frozen' }, 'bad', 'Frozen'],
  [{ state: 'held', hold }, 'warn', 'Held'],
  [{ state: 'pending', pending: 1 }, 'busy', 'Pending'],
  [{ state: 'waiting', consul_failing: true }, 'warn', 'Waiting'],
  [{ state: 'unbound' }, 'idle', 'Unbound'],
  [{ consul_failing: true, problem: 'Consul answered 500' }, 'warn', 'Not readable'],
  [{ instances: { registered: 0, healthy: 0, maintenance: 0 } }, 'warn', 'Empty'],
  [{ instances: { registered: 2, healthy: 0, maintenance: 0 } }, 'warn', 'None healthy'],
])('%j is %s: %s', (given, tone, word) => {
  const one = summary(given);
  expect([toneOf(one), stateWord(one)]).toEqual([tone, word]);
});

test('orders trouble first, then by name', () => {
  const names = [
    summary({ upstream: 'b' }),
    summary({ upstream: 'c', state: 'held', hold }),
    summary({ upstream: 'a' }),
    summary({ upstream: 'd', state: 'error' }),
    summary({ upstream: 'e', state: 'pending' }),
    summary({ upstream: 'f', remark: 'node-1/f-1 is no target' }),
  ].sort(compareSummaries);
  expect(names.map(({ upstream }) => upstream)).toEqual(['d', 'c', 'e', 'f', 'a', 'b']);
});

test.each([
  [0, '0 s'],
  [89_000, '89 s'],
  [120_000, '2 min'],
  [2 * 3_600_000, '2 h'],
  [72 * 3_600_000, '3 d'],
])('%d ms are %s', (ms, text) => expect(durationOf(ms)).toBe(text));

test('takes events apart, wherever the stream is cut', () => {
  const stream = 'retry: 1000\n\nevent: a\nid: 1.2.3\ndata: {"x":\ndata: 1}\n\n: nothing\n\nevent: b\ndata: ü\n\n';
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const parser = new SseParser();
    expect([...parser.push(stream.slice(0, cut)), ...parser.push(stream.slice(cut))]).toEqual([
      { event: 'a', id: '1.2.3', data: '{"x":\n1}' },
      { event: 'b', id: undefined, data: 'ü' },
    ]);
  }
});
