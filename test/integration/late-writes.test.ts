import { expect, test } from 'vitest';
import { entry } from '../scripted-consul/catalog.ts';
import { eventually } from './eventually.ts';
import { consul, kong, rigEachTest, start } from './rig.ts';

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
