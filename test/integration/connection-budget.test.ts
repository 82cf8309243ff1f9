import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { eventually } from './eventually.ts';
import { type Harness, startHarness } from './harness.ts';

const SERVICES = Array.from({ length: 40 }, (_, at) => `service-${at}`);
const NODES = ['node-a', 'node-b', 'node-c'];
const HOUR_MS = 3_600_000;

let consul: ConsulAgent;
let kong: KongDouble;
let harness: Harness;

beforeAll(async () => {
  consul = await startConsul({ maxConnectionsPerClient: 60 });
});
afterAll(() => consul.dispose());

/** A turn lasts so long here that hardly anything can be seen by it: what is seen of all, was read out of turn. */
beforeEach(async () => {
  kong = await startKongDouble();
  await consul.catalogAll(NODES.flatMap((node) => SERVICES.map((service) => instance(node, service, 'passing'))));
  harness = startHarness(consul.url, kong, {
    upstreams: Object.fromEntries(SERVICES.map((name) => [name, {}])),
    maxConnections: 12,
    roundMs: HOUR_MS,
  });
  await eventually(() => expect(kong.admin.tables.count('targets')).toBe(NODES.length * SERVICES.length));
});
afterEach(async () => {
  await harness.stop();
  await kong.stop();
});

function instance(node: string, service: string, status: 'passing' | 'critical') {
  const id = `${service}-${node}`;
  return {
    Node: node,
    Address: `10.0.0.${NODES.indexOf(node)}`,
    Service: { ID: id, Service: service, Port: 1_000 + SERVICES.indexOf(service) },
    Check: { CheckID: id, Name: 'http', Status: status, ServiceID: id },
  };
}

async function eachHas(services: readonly string[], targets: number): Promise<void> {
  await eventually(() => {
    expect(services.filter((service) => kong.targets(service).length !== targets)).toEqual([]);
  });
}

test('checks that turn critical are seen at once while watches take turns, and so is their end', async () => {
  const some = SERVICES.slice(0, 30);
  await consul.catalogAll(some.map((service) => instance('node-b', service, 'critical')));
  await eachHas(some, 2);
  await consul.catalogAll(some.map((service) => instance('node-b', service, 'passing')));
  await eachHas(some, 3);
  expect(harness.failures).toEqual([]);
});

test('a node that fails is seen in all of its services', async () => {
  const serf = { Node: 'node-c', CheckID: 'serfHealth', Name: 'Serf Health Status' };
  await consul.catalog({ Node: 'node-c', Address: '10.0.0.2', Check: { ...serf, Status: 'critical' } });
  await eachHas(SERVICES, 2);
  await consul.catalog({ Node: 'node-c', Address: '10.0.0.2', Check: { ...serf, Status: 'passing' } });
  await eachHas(SERVICES, 3);
  expect(harness.failures).toEqual([]);
});
