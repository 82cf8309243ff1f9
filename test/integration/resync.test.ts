import { expect, test } from 'vitest';
import type { UpstreamState } from '../../sidecar/src/kong/driver.ts';
import { differences, type Finding } from '../../sidecar/src/reconcile/resync.ts';
import { Store } from '../../sidecar/src/reconcile/store.ts';

const { signal } = new AbortController();

function state(name: string, weight = 1): UpstreamState {
  const target = { id: 't', target: '10.0.0.1:80', weight, tags: [] };
  return { current: { id: 'u', name, tags: [], settings: {}, targets: [target] }, staged: undefined };
}

function storeOf(reports: Readonly<Record<string, 'in_sync' | 'held'>>): Store {
  const store = new Store('kong-consul:test', () => {});
  for (const [upstream, is] of Object.entries(reports)) {
    const nothing = { sources: [], notes: [], verdicts: [], targets: 1, present: [], malformed: 0, updatedMs: 0 };
    store.setReport({ upstream, state: is, ...nothing });
  }
  return store;
}

async function named(findings: readonly Finding[], store: Store): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of differences(findings, { store }, signal)) names.push(name);
  return names;
}

test('what is as it was and in sync is not looked at, all else is', async () => {
  const findings = [
    { upstream: 'same', before: state('same'), now: state('same'), isBusy: false },
    { upstream: 'weighs', before: state('weighs'), now: state('weighs', 7), isBusy: false },
    { upstream: 'held', before: state('held'), now: state('held'), isBusy: false },
    { upstream: 'busy', before: state('busy'), now: state('busy'), isBusy: true },
    { upstream: 'new', before: undefined, now: state('new'), isBusy: false },
  ];
  const store = storeOf({ same: 'in_sync', weighs: 'in_sync', held: 'held', busy: 'in_sync' });
  expect(await named(findings, store)).toEqual(['weighs', 'held', 'busy', 'new']);
});

test('others have their turn while thousands are compared', async () => {
  const names = Array.from({ length: 1_000 }, (_, at) => `upstream-${at}`);
  const findings = names.map((upstream) => ({
    upstream,
    before: state(upstream),
    now: state(upstream),
    isBusy: false,
  }));
  let turns = 0;
  let isDone = false;
  const take = () => {
    turns += 1;
    if (!isDone) setImmediate(take);
  };
  setImmediate(take);
  await named(findings, storeOf(Object.fromEntries(names.map((name) => [name, 'in_sync']))));
  isDone = true;
  expect(turns).toBeGreaterThan(10);
});
