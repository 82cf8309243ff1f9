import { expect, test } from 'vitest';
import { entry } from '../scripted-consul/catalog.ts';
import { eventually } from './eventually.ts';
import { consul, harness, kong, rigEachTest, start } from './rig.ts';

rigEachTest();

const [A, B, C] = [1, 2, 3].map((at) => entry({ id: `web-${at}`, address: `10.0.0.${at}` }));
const targets = ['10.0.0.1:8080=1', '10.0.0.2:8080=1', '10.0.0.3:8080=1'];

const stateOfWeb = () => harness?.store.report('web')?.state;
const sent = (method: string) => kong.writes().filter((write) => write.method === method);

test('a removal that waits for Kong is not sent again when its instance is back', async () => {
  consul.set('web', [A, B, C]);
  start();
  await eventually(() => expect(kong.targets('web')).toEqual(targets));

  const busy = { kind: 'status', status: 429, headers: { 'retry-after': '1' } } as const;
  kong.inject({ method: 'DELETE', times: 1, does: busy });
  consul.set('web', [A, B]);
  await eventually(() => expect(sent('DELETE')).toHaveLength(1));
  consul.set('web', [A, B, C]);
  await eventually(() => expect(stateOfWeb()).toBe('in_sync'));

  expect(sent('DELETE').map(({ status }) => status)).toEqual([429]);
  expect(kong.targets('web')).toEqual(targets);
});

test('a plan that fails is over when its last request is', async () => {
  consul.set('web', [A]);
  start();
  await eventually(() => expect(stateOfWeb()).toBe('in_sync'));

  const path = /^\/upstreams\/[^/]+\/targets$/;
  kong.inject({ method: 'POST', path, nth: 1, does: { kind: 'status', status: 400, body: { message: 'no' } } });
  kong.inject({ method: 'POST', path, nth: 1, does: { kind: 'delay', ms: 300 } });
  consul.set('web', [A, B, C]);
  await eventually(() => expect(stateOfWeb()).toBe('error'));
  expect(kong.targets('web')).toEqual(targets.filter((_, at) => at !== 1));
});
