import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../integration/eventually.ts';
import { type EventsClient, followEvents } from './events-client.ts';
import { registerMany, type Stage, startStage } from './stage.ts';

let stage: Stage;
let description: unknown;
let events: EventsClient;

beforeAll(async () => {
  stage = await startStage({
    upstreams: ['web', 'empty', 'pay', 'silent', 'odd'].map((name) => `  ${name}: {}\n`).join(''),
    flags: ['--startup-hold-seconds', '0', '--kong-poll-seconds', '0.2'],
    prepare: async (consul, kong) => {
      registerMany(consul, 'web', 3);
      registerMany(consul, 'pay', 1);
      consul.register({ ID: 'odd-1', Name: 'odd', Address: '10.9.9.9', Port: 0 });
      consul.always('silent', () => ({ kind: 'answer', status: 403, raw: 'Permission denied' }));
      const service = await kong.seed('POST', '/services', { name: 'pay', host: 'pay' });
      await kong.seed('POST', `/services/${service.id}/plugins`, {
        name: 'kong-upstream-healthcheck',
        config: { service: 'payments' },
      });
    },
  });
  description = await get('/api/v1/openapi.json');
  await eventually(async () => expect(await text('/readyz')).toBe('ready\n'));
  events = await followEvents(stage.url());
  stage.consul.setCheck('web-1-http', 'warning');
  stage.consul.deregister('web-2');
  await eventually(() => expect(stage.kong.targets('web')).toHaveLength(2));
  stage.consul.set('empty', []);
});

afterAll(async () => {
  events?.close();
  await stage?.close();
});

async function text(path: string): Promise<string> {
  return await (await fetch(`${stage.url()}${path}`)).text();
}

async function get(path: string): Promise<unknown> {
  const response = await fetch(`${stage.url()}${path}`);
  return await response.json();
}

/** Fails unless the value is as documented, with no key that is not. */
function expectDocumented(value: unknown, pointer: string): void {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  ajv.addSchema(Object(closed(description)), 'api');
  const validate = ajv.getSchema(`api#${pointer}`) ?? ajv.compile({ $ref: `api#${pointer}` });
  validate(value);
  expect(validate.errors ?? [], JSON.stringify(value)).toEqual([]);
}

function answerOf(path: string, status = '200'): string {
  const escaped = path.replaceAll('/', '~1');
  return `/paths/${escaped}/get/responses/${status}/content/application~1json/schema`;
}

/** The description with every object closed: clients must take more keys, but we must not give any in silence. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const all = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  return 'properties' in all && 'type' in all ? { ...all, additionalProperties: false } : all;
}

test('is described by an OpenAPI 3.1 file that names every path', async () => {
  expect(description).toMatchObject({ openapi: '3.1.0' });
  expect(Object.keys(Object(Object(description).paths)).sort()).toEqual([
    '/api/v1/changes',
    '/api/v1/events',
    '/api/v1/openapi.json',
    '/api/v1/status',
    '/api/v1/upstreams',
    '/api/v1/upstreams/{name}',
    '/healthz',
    '/metrics',
    '/readyz',
  ]);
});

test('status, upstreams and changes are as documented', async () => {
  const status = await get('/api/v1/status');
  expectDocumented(status, answerOf('/api/v1/status'));
  expect(status).toMatchObject({
    ready: true,
    leader: true,
    dry_run: false,
    kong: { version: '3.9.1', database: 'postgres', problem: null },
    upstreams: { conflict: 1, waiting: 1 },
  });
  const upstreams = await get('/api/v1/upstreams');
  expectDocumented(upstreams, answerOf('/api/v1/upstreams'));
  expect(Object(upstreams).upstreams.map((each: { upstream: string }) => each.upstream)).toEqual([
    'empty',
    'odd',
    'pay',
    'silent',
    'web',
  ]);
  const changes = await get('/api/v1/changes');
  expectDocumented(changes, answerOf('/api/v1/changes'));
  expect(Object(changes).changes[0]).toMatchObject({ upstream: 'web', drift: false });
});

test('one upstream is told from Consul to Kong, as documented', async () => {
  for (const name of ['empty', 'odd', 'pay', 'silent', 'web'])
    expectDocumented(await get(`/api/v1/upstreams/${name}`), answerOf('/api/v1/upstreams/{name}'));
  const expected = {
    state: 'in_sync',
    consul_failing: false,
    sources: [expect.stringMatching(/kong-consul\.yml:2$/)],
    verdicts: [
      { instance: 'scripted/web-1', state: 'warning', target: '10.0.1.1:8080' },
      { instance: 'scripted/web-3', state: 'passing', checks: [{ id: 'serfHealth' }, { id: 'web-3-http' }] },
    ],
    kong_targets: [
      { target: '10.0.1.1:8080', owned: true, health: 'HEALTHCHECKS_OFF' },
      { target: '10.0.1.3:8080', owned: true, health: 'HEALTHCHECKS_OFF' },
    ],
  };
  // Kong's balancer hears of a new upstream a little later.
  await eventually(async () => expect(await get('/api/v1/upstreams/web')).toMatchObject(expected));
  expect(await get('/api/v1/upstreams/silent')).toMatchObject({ state: 'waiting', consul_failing: true });
  const missing = await fetch(`${stage.url()}/api/v1/upstreams/nothing`);
  expect(missing.status).toBe(404);
  expectDocumented(await missing.json(), answerOf('/api/v1/upstreams/{name}', '404'));
});

test('Kong is asked for its health when somebody looks, once for all who look', async () => {
  const asked = () => stage.kong.requests.filter(({ path }) => path.endsWith('/health')).length;
  const before = asked();
  await Promise.all(Array.from({ length: 30 }, () => get('/api/v1/upstreams/odd')));
  expect(asked() - before).toBeLessThanOrEqual(1);
});

test('events begin with everything, go on with what changes, and are as documented', async () => {
  await eventually(() => {
    expect(events.dataOf('upstreams').length).toBeGreaterThan(0);
    expect(events.dataOf('changes').length).toBeGreaterThan(0);
  });
  expect(events.events[0]?.event).toBe('snapshot');
  for (const [event, schema] of [
    ['snapshot', 'Snapshot'],
    ['upstreams', 'UpstreamsEvent'],
    ['changes', 'ChangesEvent'],
    ['status', 'Status'],
  ] as const)
    for (const data of events.dataOf(event)) expectDocumented(data, `/components/schemas/${schema}`);
});

test('whoever comes back is told what it missed, and no more', async () => {
  const first = await followEvents(stage.url());
  await eventually(() => expect(first.lastId()).toBeDefined());
  first.close();
  registerMany(stage.consul, 'pay', 2);
  registerMany(stage.consul, 'web', 5);
  await eventually(() => expect(stage.kong.targets('web')).toHaveLength(5));
  const again = await followEvents(stage.url(), first.lastId());
  await eventually(() => expect(again.dataOf('changes').length).toBeGreaterThan(0));
  expect(again.dataOf('snapshot')).toEqual([]);
  expect(again.dataOf('upstreams')).toMatchObject([{ upstreams: [{ upstream: 'web', targets: 5 }], gone: [] }]);
  again.close();
});

test('whoever comes back to another sidecar is told everything', async () => {
  const stranger = await followEvents(stage.url(), '00000000.5.5');
  await eventually(() => expect(stranger.dataOf('snapshot')).toHaveLength(1));
  stranger.close();
});

test('a service that cannot be read any more is told at once, and that it can be again', async () => {
  const client = await followEvents(stage.url());
  await eventually(() => expect(client.dataOf('snapshot')).toHaveLength(1));
  const told = () => JSON.stringify(client.dataOf('upstreams').at(-1) ?? null);
  stage.consul.always('web', () => ({ kind: 'answer', status: 500, raw: 'no' }));
  await eventually(() => expect(told()).toMatch(/"upstream":"web".*"consul_failing":true/));
  stage.consul.always('web', undefined);
  await eventually(() => expect(told()).toMatch(/"upstream":"web".*"consul_failing":false/));
  stage.consul.always('web', () => ({ kind: 'answer', status: 500, raw: 'no' }));
  await eventually(() => expect(told()).toMatch(/"upstream":"web".*"consul_failing":true/));
  stage.consul.always('web', undefined);
  client.close();
});

test('metrics tell all of it', async () => {
  const metrics = await text('/metrics');
  const value = (name: string) => Number(new RegExp(`^kong_consul_${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
  expect(value('build_info\\{version="[^"]+"\\}')).toBe(1);
  expect(value('ready')).toBe(1);
  expect(value('leader')).toBe(1);
  expect(value('upstreams\\{kong="http[^"]+",state="conflict"\\}')).toBe(1);
  expect(value('skipped_instances\\{reason="no_port"\\}')).toBe(1);
  expect(value('kong_writes_total\\{kong="http[^"]+",kind="add-target",drift="false"\\}')).toBeGreaterThanOrEqual(3);
  expect(
    value('kong_requests_total\\{kong="http[^"]+",method="POST",object="targets",status="201"\\}'),
  ).toBeGreaterThanOrEqual(3);
  expect(value('propagation_seconds_count\\{kong="http[^"]+"\\}')).toBeGreaterThanOrEqual(3);
  expect(value('kong_readable\\{kong="http[^"]+"\\}')).toBe(1);
  expect(value('last_success_age_seconds')).toBeGreaterThanOrEqual(0);
  expect(value('consul_read_failures_total\\{reason="status"\\}')).toBeGreaterThanOrEqual(1);
  expect(value('consul_watch_restarts_total')).toBeGreaterThanOrEqual(1);
  expect(value('consul_watches\\{readable="false"\\}')).toBeGreaterThanOrEqual(1);
  expect(value('event_clients')).toBeGreaterThanOrEqual(1);
  expect(metrics).toMatch(/^process_resident_memory_bytes \d+/m);
  expect(metrics).not.toContain('undefined');
});

test('a Kong that cannot be read is told while it lasts', async () => {
  await stage.kong.stop();
  await eventually(async () =>
    expect(await get('/api/v1/status')).toMatchObject({ kong: { problem: expect.any(String) } }),
  );
  await stage.kong.listen();
  await eventually(async () => expect(await get('/api/v1/status')).toMatchObject({ kong: { problem: null } }));
});
