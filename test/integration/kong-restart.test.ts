import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { entry } from '../scripted-consul/catalog.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { eventually } from './eventually.ts';
import { type Harness, startHarness } from './harness.ts';

let consul: ScriptedConsul;
let kong: KongDouble;
let harness: Harness | undefined;

beforeEach(async () => {
  [consul, kong] = await Promise.all([startScriptedConsul(), startKongDouble()]);
  consul.set('web', [entry({ id: 'a', address: '10.0.0.1' })]);
  harness = startHarness(consul.url, kong, { upstreams: { web: {} } });
  await eventually(() => expect(harness?.store.report('web')?.state).toBe('in_sync'));
});

afterEach(async () => {
  await harness?.stop();
  await Promise.all([consul.stop(), kong.stop()]);
});

/** The harness looks at Kong by itself once an hour only. */
test.each([
  ['at once', 0],
  ['after a while', 1_500],
])('a Kong that comes back empty, %s, is filled', async (_, downMs) => {
  await kong.stop();
  kong.empty();
  await new Promise((resolve) => setTimeout(resolve, downMs));
  await kong.listen();
  await eventually(() => expect(kong.targets('web')).toEqual(['10.0.0.1:8080=1']));
});

test('a Service that was bound to the plugin while Kong was restarted is served', async () => {
  await kong.stop();
  await kong.seed('POST', '/services', { name: 'shop', host: 'shop.service.consul' });
  await kong.seed('POST', '/services/shop/plugins', { name: 'kong-upstream-healthcheck' });
  consul.set('shop', [entry({ id: 's', service: 'shop', address: '10.0.0.9' })]);
  await kong.listen();
  await eventually(() => expect(kong.targets('shop.service.consul')).toEqual(['10.0.0.9:8080=1']));
});
