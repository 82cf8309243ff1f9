import { afterEach, beforeEach, expect, test } from 'vitest';
import { send } from './client.ts';
import { type KongDouble, startKongDouble } from './kong-double.ts';

let kong: KongDouble;

beforeEach(async () => {
  kong = await startKongDouble();
});

afterEach(() => kong.stop());

const add = (name: string) => send(`${kong.adminUrl}/upstreams`, { method: 'POST', body: { name } });
const names = () => kong.state.upstreams.map(({ name }) => name);

test('a status stands for Kong: nothing is done', async () => {
  kong.inject({ does: { kind: 'status', status: 429, headers: { 'retry-after': '3' }, body: { message: 'busy' } } });
  const answer = await add('a');
  expect([answer.status, answer.headers['retry-after'], answer.body]).toEqual([429, '3', { message: 'busy' }]);
  expect(names()).toEqual([]);
});

test('a dropped request does nothing, and is recorded with status 0', async () => {
  kong.inject({ does: { kind: 'drop' } });
  await expect(add('a')).rejects.toThrow();
  expect(names()).toEqual([]);
  expect(kong.writes()).toMatchObject([{ method: 'POST', path: '/upstreams', status: 0, body: { name: 'a' } }]);
});

test('a request dropped after the write has been done', async () => {
  kong.inject({ does: { kind: 'drop-after-write' } });
  await expect(add('a')).rejects.toThrow();
  expect(names()).toEqual(['a']);
});

test('a truncated answer breaks off', async () => {
  kong.inject({ does: { kind: 'truncate' } });
  await expect(add('a')).rejects.toThrow();
  expect(names()).toEqual(['a']);
});

test('HTML comes with status 200', async () => {
  kong.inject({ does: { kind: 'html' } });
  expect(await add('a')).toMatchObject({ status: 200, text: expect.stringContaining('<html>') });
});

test('a delay holds the answer back', async () => {
  kong.inject({ does: { kind: 'delay', ms: 60 } });
  const startMs = performance.now();
  await add('a');
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(59);
});

test.each([
  ['the second only', { nth: 2 }, [201, 500, 201, 201]],
  ['the second and the third', { nth: { from: 2, to: 3 } }, [201, 500, 500, 201]],
  ['the first two', { times: 2 }, [500, 500, 201, 201]],
  ['another method', { method: 'PATCH' }, [201, 201, 201, 201]],
  ['another path', { path: /^\/services/ }, [201, 201, 201, 201]],
] as const)('%s', async (_, match, statuses) => {
  kong.inject({ ...match, does: { kind: 'status', status: 500 } });
  const seen: number[] = [];
  for (const name of ['a', 'b', 'c', 'd']) seen.push((await add(name)).status);
  expect(seen).toEqual(statuses);
});

test('a fault that is taken away is gone', async () => {
  const remove = kong.inject({ does: { kind: 'status', status: 500 } });
  expect((await add('a')).status).toBe(500);
  remove();
  expect((await add('a')).status).toBe(201);
});

test('requests are recorded with what was sent, what came of it, and when', async () => {
  const startMs = Date.now() - 1;
  await add('a');
  await add('a');
  await send(`${kong.adminUrl}/upstreams?size=10`);
  expect(kong.requests.map(({ method, path, status }) => [method, path, status])).toEqual([
    ['POST', '/upstreams', 201],
    ['POST', '/upstreams', 409],
    ['GET', '/upstreams?size=10', 200],
  ]);
  expect(kong.writes()).toHaveLength(2);
  expect(kong.requests[0]?.atMs).toBeGreaterThan(startMs);
  kong.clearRequests();
  expect(kong.requests).toEqual([]);
});

test('the most requests at once are counted', async () => {
  kong.inject({ does: { kind: 'delay', ms: 30 } });
  await Promise.all(['a', 'b', 'c'].map(add));
  expect(kong.maxConcurrentRequests).toBe(3);
});

test('stopped and started again, it holds what it held, unless it is told to forget', async () => {
  await add('a');
  const { adminUrl } = kong;
  await kong.stop();
  await expect(send(adminUrl)).rejects.toThrow();
  await kong.listen();
  expect(kong.adminUrl).toBe(adminUrl);
  expect(names()).toEqual(['a']);
  kong.empty();
  expect((await send(`${adminUrl}/upstreams`)).body).toEqual({ data: [], next: null });
});

test('a Kong without a database starts empty', async () => {
  const dbless = await startKongDouble({ database: 'off' });
  const config = '_format_version: "3.0"\nupstreams:\n- name: a\n';
  await send(`${dbless.adminUrl}/config`, { method: 'POST', body: { config } });
  expect((await send(`${dbless.adminUrl}/status`)).body.configuration_hash).not.toBe('0'.repeat(32));
  await dbless.stop();
  await dbless.listen();
  expect((await send(`${dbless.adminUrl}/status`)).body.configuration_hash).toBe('0'.repeat(32));
  await dbless.stop();
});

test('the token is asked for', async () => {
  const guarded = await startKongDouble({ adminToken: 'secret' });
  expect((await send(guarded.adminUrl)).status).toBe(401);
  expect((await send(guarded.adminUrl, { headers: { 'kong-admin-token': 'secret' } })).status).toBe(200);
  await guarded.stop();
});

test('a workspace is taken off the path and recorded', async () => {
  const double = await startKongDouble({ workspaces: ['team'] });
  expect((await send(`${double.adminUrl}/team/upstreams`)).status).toBe(200);
  expect((await send(`${double.adminUrl}/other/upstreams`)).status).toBe(404);
  expect(double.requests.map(({ path, workspace }) => [path, workspace])).toEqual([
    ['/upstreams', 'team'],
    ['/other/upstreams', undefined],
  ]);
  await double.stop();
});
