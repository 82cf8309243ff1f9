import { expect, test } from 'vitest';
import { entry } from '../scripted-consul/catalog.ts';
import { eventually } from './eventually.ts';
import { consul, harness, kong, rigEachTest, start } from './rig.ts';

rigEachTest();

test('it is ready when what the first look found missing is written, and stays so while there is more to write', async () => {
  consul.set('web', [entry({ id: 'web-1', address: '10.0.0.1' })]);
  const goOn = kong.inject({ method: 'POST', path: /targets$/, does: { kind: 'status', status: 503 } });
  start();
  await eventually(() => expect(kong.writes().filter(({ path }) => path.endsWith('/targets'))).not.toEqual([]));
  expect(harness?.isReady()).toBe(false);
  goOn();
  await eventually(() => expect(harness?.isReady()).toBe(true));
  expect(kong.targets('web')).toEqual(['10.0.0.1:8080=1']);

  kong.inject({ method: 'POST', path: /targets$/, does: { kind: 'delay', ms: 500 }, times: 1 });
  consul.set(
    'web',
    [1, 2].map((at) => entry({ id: `web-${at}`, address: `10.0.0.${at}` })),
  );
  await eventually(() => expect(kong.requestsInFlight).toBe(1));
  expect(harness?.isReady()).toBe(true);
  await eventually(() => expect(kong.targets('web')).toHaveLength(2));
});

test('the first wait of a poll is shorter by chance, so that polls do not all end at once; those after it are whole', async () => {
  const services = Array.from({ length: 20 }, (_, at) => `s${at}`);
  for (const service of services) consul.set(service, [entry({ id: service, service, address: '10.0.0.1' })]);
  start({ upstreams: Object.fromEntries(services.map((service) => [service, {}])), waitMs: 2_000 });
  const waits = (service: string) =>
    consul
      .readsOf(service)
      .flatMap(({ query }) => (query.has('wait') ? [Number.parseInt(query.get('wait') ?? '', 10)] : []));
  await eventually(() => {
    for (const service of services) expect(waits(service).length).toBeGreaterThanOrEqual(2);
  });
  const firsts = services.map((service) => waits(service)[0] ?? 0);
  expect(new Set(firsts).size).toBeGreaterThan(5);
  for (const first of firsts) {
    expect(first).toBeGreaterThanOrEqual(200);
    expect(first).toBeLessThanOrEqual(2_000);
  }
  for (const service of services) expect(waits(service)[1]).toBe(2_000);
});
