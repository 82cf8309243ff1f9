import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { deadline } from '../../sidecar/src/net/deadline.ts';
import { FairQueue } from '../../sidecar/src/net/fair-queue.ts';
import { Gate } from '../../sidecar/src/net/gate.ts';
import { retryAfterMs } from '../../sidecar/src/net/sleep.ts';
import { TokenBucket } from '../../sidecar/src/net/token-bucket.ts';
import { KeyedQueue } from '../../sidecar/src/reconcile/keyed-queue.ts';
import { Ledger } from '../../sidecar/src/reconcile/ledger.ts';

const signal = new AbortController().signal;

describe('the fair queue', () => {
  test('lets a key with one task pass a key with many', async () => {
    const queue = new FairQueue(1);
    const order: string[] = [];
    const task = (name: string) => async () => {
      order.push(name);
      await wait(1);
    };
    await Promise.all([
      ...Array.from({ length: 50 }, () => queue.run('many', signal, task('many'))),
      queue.run('one', signal, task('one')),
    ]);
    expect(order.indexOf('one')).toBeLessThanOrEqual(2);
  });

  test('begins what is urgent first, of each key in turn', async () => {
    const queue = new FairQueue(1);
    const order: string[] = [];
    const task = (name: string) => async () => {
      order.push(name);
      await wait(1);
    };
    await Promise.all([
      queue.run('first', signal, task('first')),
      ...['a', 'b'].map((key) => queue.run(key, signal, task(key))),
      ...['c', 'c', 'd'].map((key) => queue.run(key, signal, task(`urgent ${key}`), 'urgent')),
    ]);
    expect(order).toEqual(['first', 'urgent c', 'urgent d', 'urgent c', 'a', 'b']);
  });

  test('starts what waits when its limit is raised', async () => {
    const queue = new FairQueue(1);
    const done: string[] = [];
    const stop = new AbortController();
    const held = queue.run(
      'held',
      signal,
      () => new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve())),
    );
    const second = queue.run('second', signal, async () => void done.push('second'));
    queue.limit = 2;
    await second;
    expect(done).toEqual(['second']);
    stop.abort();
    await held;
  });

  test('never runs more than its limit, and goes on after a failure', async () => {
    const queue = new FairQueue(3);
    let [now, most] = [0, 0];
    const task = async () => {
      now += 1;
      most = Math.max(most, now);
      await wait(1);
      now -= 1;
      throw new Error('no');
    };
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) => queue.run(String(at % 4), signal, task)),
    );
    expect(results).toHaveLength(20);
    expect(most).toBe(3);
  });

  test('forgets a task whose signal ends while it waits', async () => {
    const queue = new FairQueue(1);
    const stop = new AbortController();
    const first = queue.run('a', signal, () => wait(20));
    const second = queue.run('b', stop.signal, () => Promise.reject(new Error('must not run')));
    stop.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    await first;
    await queue.run('c', signal, () => Promise.resolve());
  });
});

test('the token bucket gives its burst at once, then makes wait', () => {
  const bucket = new TokenBucket(10, 3);
  expect([1, 2, 3].map(() => bucket.reserve())).toEqual([0, 0, 0]);
  expect(bucket.reserve()).toBeGreaterThan(50);
  expect(bucket.reserve()).toBeGreaterThan(150);
});

test('the gate asks once for all who wait', async () => {
  let asked = 0;
  const gate = new Gate(() => Promise.resolve(++asked >= 3), 1, signal);
  await Promise.all(Array.from({ length: 100 }, () => gate.pass()));
  expect(asked).toBe(3);
});

test('a deadline ends with its parent, or by itself, and lets go when disposed', async () => {
  const parent = new AbortController();
  using byTime = deadline(parent.signal, 5);
  await wait(20);
  expect([byTime.signal.aborted, byTime.expired()]).toEqual([true, true]);
  using byParent = deadline(parent.signal, 60_000);
  parent.abort(new Error('enough'));
  expect([byParent.signal.aborted, byParent.expired()]).toEqual([true, false]);
});

test.each([
  ['2', 2_000],
  ['0', 0],
  ['-1', 0],
  ['nonsense', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After %s is %s ms', (header, ms) => {
  expect(retryAfterMs(header)).toBe(ms);
});

describe('the keyed queue', () => {
  test('runs a key once at a time, and once more when it was asked for meanwhile', async () => {
    const runs: string[] = [];
    let running = 0;
    const queue = new KeyedQueue(
      async (key) => {
        running += 1;
        expect(running).toBe(1);
        runs.push(key);
        await wait(10);
        running -= 1;
      },
      0,
      signal,
    );
    for (let at = 0; at < 10; at += 1) queue.add('a');
    await expect.poll(() => runs.length).toBe(2);
    await wait(50);
    expect(runs).toEqual(['a', 'a']);
  });

  test('coalesces: the first at once, the next when the gap is over', async () => {
    const runs: number[] = [];
    const queue = new KeyedQueue(
      async () => {
        runs.push(performance.now());
      },
      60,
      signal,
    );
    for (let at = 0; at < 20; at += 1) {
      queue.add('a');
      await wait(2);
    }
    await wait(100);
    const gaps = runs.slice(1).map((atMs, at) => atMs - (runs[at] ?? 0));
    expect(runs.length).toBeGreaterThan(1);
    // Timers of Node may be a millisecond early.
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(59);
  });
});

test('the ledger counts a removal for its window, and not what came back', () => {
  const ledger = new Ledger();
  ledger.setOwned('a', 10);
  ledger.ask('b', 4);
  ledger.removed('a', 't1', 0);
  ledger.removed('a', 't2', 1_000);
  ledger.removed('a', 't3', 2_000);
  ledger.added('a', 't2');
  expect(ledger.view('a', 3_000)).toEqual({
    ownedTargets: 10,
    removedRecently: 2,
    askedByOthers: 4,
    leavingElsewhere: 0,
  });
  expect(ledger.view('b', 10_500)).toEqual({
    ownedTargets: 10,
    removedRecently: 1,
    askedByOthers: 0,
    leavingElsewhere: 0,
  });
});
