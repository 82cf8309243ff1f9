import { expect, test } from 'vitest';
import { entry } from '../scripted-consul/catalog.ts';
import { eventually } from './eventually.ts';
import { consul, harness, kong, rigEachTest, start } from './rig.ts';

rigEachTest();

const [A, B, C] = [1, 2, 3].map((at) => entry({ id: `web-${at}`, address: `10.0.0.${at}` }));
const targets = ['10.0.0.1:8080=1', '10.0.0.2:8080=1', '10.0.0.3:8080=1'];
/** Longer than the sidecar waits for an answer. Kong does not mind that nobody waits, and goes on. */
const late = { times: 1, does: { kind: 'delay', ms: 1_500 } } as const;

const holds = (...expected: readonly string[]) => eventually(() => expect(kong.targets('web')).toEqual(expected));

async function follow(...entries: readonly unknown[]): Promise<void> {
  consul.set('web', entries);
  start({ kong: { timeoutMs: 200 } });
  await holds(...targets.slice(0, entries.length));
  kong.clearRequests();
}

test('a target that comes late, when it is not wanted any more, goes again', async () => {
  await follow(A, B);
  kong.inject({ method: 'POST', path: /targets$/, ...late });
  consul.set('web', [A, B, C]);
  await holds(...targets);
  consul.set('web', [A, B]);
  await eventually(() => expect(kong.requestsInFlight).toBe(0));
  await holds(...targets.slice(0, 2));
});

test('a target that is removed late, when it is wanted again, comes back', async () => {
  await follow(A, B, C);
  kong.inject({ method: 'DELETE', ...late });
  consul.set('web', [A, B]);
  await eventually(() => expect(kong.requestsInFlight).toBe(1));
  consul.set('web', [A, B, C]);
  await eventually(() => expect(kong.requestsInFlight).toBe(0));
  await holds(...targets);
});

test('while a removal is in doubt, the target that alone is certain stays', async () => {
  await follow(A, B);
  kong.inject({ method: 'DELETE', times: 1, does: { kind: 'delay', ms: 3_000 } });
  consul.set('web', [B]);
  await eventually(() => expect(kong.requestsInFlight).toBe(1));
  // Kong may still take A away, and B shall go: for a moment there would be none.
  consul.set('web', [A]);
  await eventually(() => expect(harness?.store.report('web')?.hold?.reason).toBe('writes_in_doubt'));
  await eventually(() => expect(kong.targets('web')).not.toContain(targets[0]));
  expect(kong.targets('web')).toEqual([targets[1]]);
  // It comes back first, and only then B goes.
  await holds(...targets.slice(0, 1));
  expect(kong.requestsInFlight).toBe(0);
});
