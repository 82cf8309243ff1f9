import { beforeEach, expect, test } from 'vitest';
import { entry } from '../scripted-consul/catalog.ts';
import { eventually } from './eventually.ts';
import { consul, harness, kong, rigEachTest, start } from './rig.ts';

rigEachTest();
beforeEach(async () => {
  consul.set('web', [entry({ id: 'a', address: '10.0.0.1' })]);
  start();
  await eventually(() => expect(harness?.store.report('web')?.state).toBe('in_sync'));
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

/** Its plugin has another id after that, so it is looked at for that reason too. */
test('an upstream that a plugin binds is filled too', async () => {
  const seed = async () => {
    await kong.seed('POST', '/services', { name: 'shop', host: 'shop.service.consul' });
    await kong.seed('POST', '/services/shop/plugins', { name: 'kong-upstream-healthcheck' });
  };
  const filled = () => expect(kong.targets('shop.service.consul')).toEqual(['10.0.0.9:8080=1']);
  consul.set('shop', [entry({ id: 's', service: 'shop', address: '10.0.0.9' })]);
  await restart(seed);
  await eventually(filled);
  kong.empty();
  await restart(seed);
  await eventually(filled);
});

test('an upstream that is worked on meanwhile is filled too', async () => {
  const end = kong.inject({ method: 'POST', does: { kind: 'status', status: 503 } });
  consul.set('web', [entry({ id: 'a', address: '10.0.0.1' }), entry({ id: 'b', address: '10.0.0.2' })]);
  await eventually(() => expect(kong.writes().at(-1)?.status).toBe(503));
  kong.empty();
  await restart(async () => {});
  end();
  await eventually(() => expect(kong.targets('web')).toEqual(['10.0.0.1:8080=1', '10.0.0.2:8080=1']));
});

test('a Service that was bound to the plugin while Kong was restarted is served', async () => {
  consul.set('shop', [entry({ id: 's', service: 'shop', address: '10.0.0.9' })]);
  await restart(async () => {
    await kong.seed('POST', '/services', { name: 'shop', host: 'shop.service.consul' });
    await kong.seed('POST', '/services/shop/plugins', { name: 'kong-upstream-healthcheck' });
  });
  await eventually(() => expect(kong.targets('shop.service.consul')).toEqual(['10.0.0.9:8080=1']));
});

async function restart(seed: () => Promise<void>): Promise<void> {
  await kong.stop();
  await seed();
  await kong.listen();
}
