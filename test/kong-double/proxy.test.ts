import type http from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { send } from './client.ts';
import { close, listen, portOf } from './http-server.ts';
import { type KongDouble, type KongDoubleOptions, startKongDouble } from './kong-double.ts';

const HOST = 'web.service.consul';
const CHECKED = { active: { healthy: { interval: 1, successes: 1 } } };
/** Nothing listens there. */
const DEAD = '127.0.0.1:1';
/** What the balancer has to learn, it learns by `refresh`. */
const HOUR_MS = 3_600_000;

let kong: KongDouble;
let instances: http.Server[] = [];

beforeEach(async () => {
  await restart({ healthUpdateMs: HOUR_MS });
});

afterEach(async () => {
  await Promise.all([kong.stop(), ...instances.map(close)]);
  instances = [];
});

async function restart(options: KongDoubleOptions): Promise<void> {
  await kong?.stop();
  kong = await startKongDouble(options);
  await kong.seed('POST', '/services', { name: 'web', host: HOST, retries: 2 });
  await kong.seed('POST', '/services/web/routes', { name: 'web', paths: ['/web'] });
}

/** An instance that answers with its name, the path and the body it got. */
async function instance(name: string): Promise<string> {
  const server = await listen(0, async (request, response) => {
    const chunks: string[] = [];
    for await (const chunk of request) chunks.push(String(chunk));
    response.end(`${name} ${request.method} ${request.url} ${chunks.join('')}`);
  });
  instances.push(server);
  return `127.0.0.1:${portOf(server)}`;
}

const upstream = (fields = {}) => kong.seed('POST', '/upstreams', { name: HOST, ...fields });
const target = (address: string, weight = 100) =>
  kong.seed('POST', `/upstreams/${HOST}/targets`, { target: address, weight });
const get = () => send(`${kong.proxyUrl}/web/x?y=1`);

async function firstWords(times: number): Promise<string> {
  const words: string[] = [];
  for (let i = 0; i < times; i += 1) words.push((await get()).text.split(' ')[0] ?? '');
  return words.join('');
}

test('no Route is 404, in the form of 3.9', async () => {
  const answer = await send(`${kong.proxyUrl}/other`);
  const body = { message: 'no Route matched with those values', request_id: expect.stringMatching(/^[0-9a-f]{32}$/) };
  expect([answer.status, answer.body]).toEqual([404, body]);
});

test('the path is stripped, method and body go on', async () => {
  await upstream();
  await target(await instance('a'));
  expect((await get()).text).toBe('a GET /x?y=1 ');
  expect((await send(`${kong.proxyUrl}/web`, { method: 'POST', body: { z: 1 } })).text).toBe('a POST / {"z":1}');
});

test('the longest path wins', async () => {
  await upstream();
  await target(await instance('a'));
  await kong.seed('POST', '/services', { name: 'deep', host: 'nowhere' });
  await kong.seed('POST', '/services/deep/routes', { name: 'deep', paths: ['/web/x'] });
  expect(await get()).toMatchObject({ status: 503, body: { message: 'name resolution failed' } });
});

test('weights are kept, smoothly; weight 0 gets nothing', async () => {
  await upstream();
  await target(await instance('a'), 3);
  await target(await instance('b'), 1);
  await target(await instance('c'), 0);
  expect((await firstWords(8)).replaceAll('a', '').length).toBe(2);
  expect(await firstWords(4)).toMatch(/^(abaa|aaba|baaa|aaab)$/);
});

test('a target that is marked unhealthy gets nothing until it is marked healthy', async () => {
  await upstream({ healthchecks: CHECKED });
  const one = await instance('a');
  await target(one);
  await target(await instance('b'));
  const mark = (state: string) => send(`${kong.adminUrl}/upstreams/${HOST}/targets/${one}/${state}`, { method: 'PUT' });
  expect((await mark('unhealthy')).status).toBe(204);
  expect(await firstWords(4)).toBe('bbbb');
  await mark('healthy');
  expect((await firstWords(4)).replaceAll('b', '')).toBe('aa');
});

test('a connection that fails is tried again elsewhere', async () => {
  await upstream();
  await target(DEAD);
  await target(await instance('b'));
  expect(await firstWords(4)).toBe('bbbb');
});

test('an upstream with none but dead targets is 502', async () => {
  await upstream();
  await target(DEAD);
  expect((await get()).status).toBe(502);
});

test('an upstream without targets is 503', async () => {
  await upstream();
  expect(await get()).toMatchObject({ status: 503, body: { message: 'failure to get a peer from the ring-balancer' } });
});

test('DNS serves until a new upstream is known, and an upstream serves until its deletion is', async () => {
  const byDns = await instance('d');
  const [, port] = byDns.split(':');
  await restart({ healthUpdateMs: HOUR_MS, dns: () => [{ host: '127.0.0.1', port: Number(port) }] });
  const post = (path: string, body: unknown) => send(`${kong.adminUrl}${path}`, { method: 'POST', body });
  await post('/upstreams', { name: HOST });
  await post(`/upstreams/${HOST}/targets`, { target: await instance('a') });
  expect(await firstWords(1)).toBe('d');
  kong.admin.balancer.refresh();
  expect(await firstWords(1)).toBe('a');
  await send(`${kong.adminUrl}/upstreams/${HOST}`, { method: 'DELETE' });
  expect(await firstWords(1)).toBe('a');
  kong.admin.balancer.refresh();
  expect(await firstWords(1)).toBe('d');
});

test('a renamed upstream is known by its new name only later', async () => {
  await kong.seed('POST', '/upstreams', { name: 'temporary' });
  await kong.seed('POST', '/upstreams/temporary/targets', { target: await instance('a') });
  await send(`${kong.adminUrl}/upstreams/temporary`, { method: 'PATCH', body: { name: HOST } });
  expect((await get()).status).toBe(503);
  kong.admin.balancer.refresh();
  expect(await firstWords(1)).toBe('a');
});

test('targets of a known upstream act at once', async () => {
  await upstream();
  await target(await instance('a'));
  await send(`${kong.adminUrl}/upstreams/${HOST}/targets`, { method: 'POST', body: { target: await instance('b') } });
  expect((await firstWords(4)).replaceAll('a', '')).toBe('bb');
});
