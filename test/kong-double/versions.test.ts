import { afterEach, expect, test } from 'vitest';
import { type Answered, send } from './client.ts';
import { type KongDouble, startKongDouble } from './kong-double.ts';

const running: KongDouble[] = [];

afterEach(() => Promise.all(running.splice(0).map((double) => double.stop())));

async function kongOf(version: string, database: 'postgres' | 'off' = 'postgres'): Promise<KongDouble> {
  const double = await startKongDouble({ version, database, healthUpdateMs: 0 });
  running.push(double);
  return double;
}

async function post(version: string, body: unknown): Promise<Answered> {
  const { adminUrl } = await kongOf(version);
  return send(`${adminUrl}/upstreams`, { method: 'POST', body });
}

test.each([
  ['2.8.5', 200, 'true', 7],
  ['3.0.0', 409, undefined, 1],
  ['3.9.1', 409, undefined, 1],
])('%s: POST of a target that exists is %i', async (version, status, deprecation, weight) => {
  const { adminUrl, seed, state } = await targetIn(version);
  const again = await send(`${adminUrl}/upstreams/a/targets`, {
    method: 'POST',
    body: { target: '10.0.0.1:80', weight: 7 },
  });
  expect([again.status, again.headers.deprecation]).toEqual([status, deprecation]);
  expect(seed).toBeDefined();
  expect(state()).toEqual([`10.0.0.1:80=${weight}`]);
});

async function targetIn(version: string) {
  const double = await kongOf(version);
  await double.seed('POST', '/upstreams', { name: 'a', healthchecks: { active: { healthy: { interval: 1 } } } });
  const seed = await double.seed('POST', '/upstreams/a/targets', { target: '10.0.0.1:80', weight: 1 });
  return { adminUrl: double.adminUrl, seed, state: () => double.targets('a') };
}

test.each([
  ['2.8.5', 'POST', 204],
  ['2.8.5', 'PUT', 405],
  ['3.0.0', 'POST', 405],
  ['3.0.0', 'PUT', 204],
])('%s: marking a target by %s is %i', async (version, method, status) => {
  const { adminUrl } = await targetIn(version);
  expect((await send(`${adminUrl}/upstreams/a/targets/10.0.0.1:80/unhealthy`, { method })).status).toBe(status);
});

test('a control plane has no balancer: no health, nothing to mark', async () => {
  const double = await startKongDouble({ role: 'control_plane', healthUpdateMs: 0 });
  running.push(double);
  await double.seed('POST', '/upstreams', { name: 'a' });
  await double.seed('POST', '/upstreams/a/targets', { target: '10.0.0.1:80' });
  const target = `${double.adminUrl}/upstreams/a/targets/10.0.0.1:80`;
  expect((await send(`${target}/unhealthy`, { method: 'PUT' })).status).toBe(404);
  const health = await send(`${double.adminUrl}/upstreams/a/health`);
  expect(health.body.data).toEqual([expect.not.objectContaining({ health: expect.anything() })]);
});

test.each([
  ['2.8.5', 'hash_on', 'path', 400],
  ['3.0.0', 'hash_on', 'path', 201],
  ['2.8.5', 'use_srv_name', true, 400],
  ['3.0.0', 'use_srv_name', true, 400],
  ['3.1.0', 'use_srv_name', true, 201],
  ['3.1.0', 'algorithm', 'latency', 400],
  ['3.2.0', 'algorithm', 'latency', 201],
  ['2.8.5', 'healthchecks', { active: { headers: { a: ['b'] } } }, 400],
  ['3.0.0', 'healthchecks', { active: { headers: { a: ['b'] } } }, 201],
  ['2.8.5', 'tags', ['with space'], 400],
  ['3.0.0', 'tags', ['with space'], 201],
] as const)('%s: %s %j is %i', async (version, field, value, status) => {
  expect((await post(version, { name: 'a', [field]: value })).status).toBe(status);
});

test.each([
  ['2.8.5', ['hash_on_query_arg', 'use_srv_name', 'updated_at']],
  ['3.0.0', ['use_srv_name', 'updated_at']],
  ['3.2.0', ['updated_at']],
  ['3.3.0', []],
] as const)('%s: an upstream lacks %j', async (version, absent) => {
  const { body } = await post(version, { name: 'a' });
  const later = ['hash_on_query_arg', 'use_srv_name', 'updated_at'];
  expect(later.filter((field) => !(field in body))).toEqual(absent);
});

test.each([
  ['3.3.0', {}],
  ['3.4.0', []],
])('%s: no entity under a tag is %j', async (version, data) => {
  const { adminUrl } = await kongOf(version);
  expect((await send(`${adminUrl}/tags/nobody`)).body).toEqual({ data, next: null });
});

test.each([
  ['3.8.0', 500],
  ['3.8.1', 400],
])('%s: an empty tag filter is %i', async (version, status) => {
  const { adminUrl } = await kongOf(version);
  expect((await send(`${adminUrl}/upstreams?tags=`)).status).toBe(status);
});

const TWICE = '_format_version: "2.1"\nupstreams:\n- name: a\n- name: a\n';

test.each([
  ['2.8.5', '_format_version: "3.0"\n', 400],
  ['3.0.0', '_format_version: "3.0"\n', 201],
  ['3.3.0', TWICE, 201],
  ['3.4.0', TWICE, 400],
])('%s: POST /config of %j is %i', async (version, config, status) => {
  const { adminUrl } = await kongOf(version, 'off');
  expect((await send(`${adminUrl}/config`, { method: 'POST', body: { config } })).status).toBe(status);
});

test.each([
  ['3.8.1', 'application/yaml', 415],
  ['3.8.1', 'text/yaml', 201],
  ['3.9.0', 'application/yaml', 201],
])('%s: POST /config as %s is %i', async (version, type, status) => {
  const { adminUrl } = await kongOf(version, 'off');
  const headers = { 'content-type': type };
  const answer = await send(`${adminUrl}/config`, { method: 'POST', headers, body: '_format_version: "2.1"\n' });
  expect(answer.status).toBe(status);
});

test('2.8.5: GET /config is in its own format', async () => {
  const { adminUrl } = await kongOf('2.8.5', 'off');
  expect((await send(`${adminUrl}/config`)).body.config).toContain("_format_version: '2.1'");
});
