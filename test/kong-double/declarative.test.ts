import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Answered, send } from './client.ts';
import { type KongDouble, startKongDouble } from './kong-double.ts';

let kong: KongDouble;

beforeEach(async () => {
  kong = await startKongDouble({ database: 'off', healthUpdateMs: 0, configLoadMs: 80 });
});

afterEach(() => kong.stop());

const load = (config: string, query = ''): Promise<Answered> =>
  send(`${kong.adminUrl}/config${query}`, { method: 'POST', body: { config } });

const TARGETS = `_format_version: "3.0"
upstreams:
- name: a.contract
  targets:
  - target: 10.0.0.1:9000
  - target: 10.0.0.2
`;

test('ids that are left out are derived, the same on every load', async () => {
  await load(TARGETS);
  expect(kong.state.upstreams[0]?.entity.id).toBe('69209ad6-4737-58d4-89bd-4f7610f2ecd2');
  const ids = kong.admin.tables.ids('targets').join();
  await wait(90);
  await load(`${TARGETS}# again\n`);
  expect(kong.admin.tables.ids('targets').join()).toBe(ids);
  expect(kong.targets('a.contract')).toEqual(['10.0.0.1:9000=100', '10.0.0.2:8000=100']);
});

test('while one configuration loads, another is told to come again', async () => {
  await kong.stop();
  kong = await startKongDouble({ database: 'off', healthUpdateMs: 0, configLoadMs: 1000 });
  const [first, second] = await Promise.all([load(TARGETS), wait(20).then(() => load(`${TARGETS}# other\n`))]);
  expect([first.status, second.status, second.headers['retry-after']]).toEqual([201, 429, '1']);
  expect(second.body).toEqual({ message: 'Currently loading previous configuration' });
});

test('more than 10 MB are refused by nginx, not in JSON', async () => {
  const answer = await load(`# ${'x'.repeat(10 * 1024 * 1024)}\n${TARGETS}`);
  expect(answer.status).toBe(413);
  expect(answer.text).toContain('<h1>413 Request Entity Too Large</h1>');
});

test('what it exports it takes again, and holds the same', async () => {
  await load(`${TARGETS}services:
- name: web
  host: a.contract
  plugins:
  - name: correlation-id
    config: { header_name: X-Id, empty: {}, "on": [] }
  routes:
  - name: web
    paths: ["/web"]
    tags: ["a: b", "yes"]
certificates:
- id: 7fca84d6-7d37-4a74-a7b0-93e576089a41
  cert: "-----BEGIN CERTIFICATE-----\\nx\\n-----END CERTIFICATE-----"
consumers:
- username: someone
  keyauth_credentials:
  - key: k
`);
  const before = await send(`${kong.adminUrl}/config`);
  await wait(90);
  expect((await load(String(before.body.config))).status).toBe(201);
  const after = await send(`${kong.adminUrl}/config`);
  // `updated_at` is the time of loading, in Kong too.
  const lasting = ({ body }: Answered) => String(body.config).replace(/updated_at: .*/g, '');
  expect(lasting(after)).toBe(lasting(before));
  expect(parse(String(after.body.config))).toMatchObject({
    routes: [{ tags: ['a: b', 'yes'] }],
    plugins: [{ config: { header_name: 'X-Id', empty: {}, on: [] } }],
    certificates: [{ cert: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----' }],
    keyauth_credentials: [{ key: 'k', consumer: expect.any(String) }],
  });
});

test.each([
  ['services: [{ name: a, host: b, colour: red }]', { services: [{ colour: 'unknown field' }] }],
  ['colours: []', { colours: 'unknown field' }],
  [
    'routes: [{ name: r, paths: [/a], service: nobody }]',
    { routes: { r: ["invalid reference 'service: nobody' (no such entry in 'services')"] } },
  ],
  [
    'services: [{ name: a, host: b }, { name: c, host: d, plugins: [{ name: none }] }]',
    { services: [null, { plugins: [{ name: expect.stringContaining("plugin 'none' not enabled") }] }] },
  ],
])('%s is refused where it stands', async (line, fields) => {
  const answer = await load(`_format_version: "3.0"\n${line}\n`);
  expect([answer.status, answer.body.fields]).toEqual([400, fields]);
  expect(kong.admin.tables.count('services')).toBe(0);
});

test('flattened, each error names its entity', async () => {
  const line = 'upstreams: [{ name: a, tags: [t], healthchecks: { active: { timeout: -1 } } }]';
  const { body } = await load(`_format_version: "3.0"\n${line}\n`, '?flatten_errors=1');
  const message = 'value should be between 0 and 65535';
  expect(body).toMatchObject({
    fields: {},
    flattened_errors: [
      {
        entity_name: 'a',
        entity_tags: ['t'],
        entity_type: 'upstream',
        errors: [{ field: 'healthchecks.active.timeout', message, type: 'field' }],
      },
    ],
  });
});

test('entities that are not there are 404 and 204 before a write is refused', async () => {
  await load(TARGETS);
  const statusOf = async (method: string, path: string) =>
    (await send(`${kong.adminUrl}${path}`, { method, body: {} })).status;
  expect(await statusOf('PATCH', '/upstreams/none')).toBe(404);
  expect(await statusOf('DELETE', '/upstreams/none')).toBe(204);
  expect(await statusOf('DELETE', '/upstreams/a.contract')).toBe(405);
});

test('by tag it leads through an empty page to a failure', async () => {
  await load('_format_version: "3.0"\nupstreams: [{ name: a, tags: [t] }]\n');
  const first = await send(`${kong.adminUrl}/tags/t`);
  expect(first.body.data).toEqual([]);
  expect((await send(`${kong.adminUrl}${String(first.body.next)}`)).status).toBe(500);
});
