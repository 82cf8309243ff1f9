import { afterEach, beforeEach, expect, test } from 'vitest';
import { send } from './client.ts';
import { type KongDouble, startKongDouble } from './kong-double.ts';

let kong: KongDouble;

beforeEach(async () => {
  kong = await startKongDouble({ pluginDefaults: { 'kong-upstream-healthcheck': { passing_only: false, tags: [] } } });
});

afterEach(() => kong.stop());

const call = (method: string, path: string, body?: unknown) => send(`${kong.adminUrl}${path}`, { method, body });

/** `hash_on` and `algorithm`, as given on POST, and what comes back (`shorthand_fields`). */
test.each([
  [{}, ['none', 'round-robin']],
  [{ algorithm: 'least-connections' }, ['none', 'least-connections']],
  [{ algorithm: 'least-connections', hash_on: 'ip' }, ['none', 'least-connections']],
  [{ algorithm: 'least-connections', hash_on: 'none' }, ['none', 'least-connections']],
  [{ algorithm: 'latency' }, ['none', 'latency']],
  [{ hash_on: 'ip' }, ['ip', 'consistent-hashing']],
  [{ algorithm: 'round-robin', hash_on: 'ip' }, ['ip', 'consistent-hashing']],
  [{ algorithm: 'consistent-hashing', hash_on: 'none' }, ['none', 'round-robin']],
  [{ algorithm: 'consistent-hashing' }, ['none', 'consistent-hashing']],
])('%j becomes %j', async (given, [hashOn, algorithm]) => {
  const { body } = await call('POST', '/upstreams', { name: 'a', ...given });
  expect([body.hash_on, body.algorithm]).toEqual([hashOn, algorithm]);
});

test('PATCH of hash_on to none takes least-connections away', async () => {
  await call('POST', '/upstreams', { name: 'a', algorithm: 'least-connections' });
  expect((await call('PATCH', '/upstreams/a', { hash_on: 'none' })).body.algorithm).toBe('round-robin');
});

test.each([
  [{ hash_on: 'ip', hash_fallback: 'ip' }, 'hash_fallback'],
  [{ hash_on: 'cookie', hash_on_cookie: 'c', hash_fallback: 'ip' }, 'hash_fallback'],
  [{ hash_on: 'ip', hash_fallback: 'header' }, 'hash_fallback_header'],
  [{ hash_on: 'query_arg' }, 'hash_on_query_arg'],
  [{ hash_fallback: 'ip' }, 'hash_fallback'],
])('%j is refused for %s', async (given, field) => {
  const { status, body } = await call('POST', '/upstreams', { name: 'a', ...given });
  expect([status, Object(body.fields)]).toEqual([400, { '@entity': expect.anything(), [field]: expect.anything() }]);
});

test.each([
  ['an array', [{ name: 'a' }]],
  ['a number', 1],
])('%s as a body makes Kong fail', async (_, body) => {
  expect((await call('POST', '/upstreams', body)).status).toBe(500);
});

test('a numeric target makes Kong fail', async () => {
  await call('POST', '/upstreams', { name: 'a' });
  expect((await call('POST', '/upstreams/a/targets', { target: 1 })).status).toBe(500);
});

test('a body of another type is 415', async () => {
  const headers = { 'content-type': 'text/plain' };
  const answer = await send(`${kong.adminUrl}/upstreams`, { method: 'POST', headers, body: 'name=a' });
  expect(answer.status).toBe(415);
});

test('a form has its types from the schema', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = 'name=a&slots=100&use_srv_name=true&tags=one&healthchecks.active.healthy.http_statuses[]=204';
  const answer = await send(`${kong.adminUrl}/upstreams`, { method: 'POST', headers, body });
  expect(answer.body).toMatchObject({
    slots: 100,
    use_srv_name: true,
    tags: ['one'],
    healthchecks: { active: { healthy: { http_statuses: [204] } } },
  });
});

test('PUT by id creates with that id, and PUT by name has the name of its path', async () => {
  const id = '7fca84d6-7d37-4a74-a7b0-93e576089a41';
  expect((await call('PUT', `/upstreams/${id}`, { name: 'a' })).body).toMatchObject({ id, name: 'a' });
  expect((await call('PUT', '/upstreams/b', { name: 'c' })).body.name).toBe('b');
});

test('a service with routes stays; its plugins go with it', async () => {
  await call('POST', '/services', { name: 's', host: 'h' });
  await call('POST', '/services/s/routes', { name: 'r', paths: ['/r'] });
  await call('POST', '/services/s/plugins', { name: 'cors' });
  expect((await call('DELETE', '/services/s')).body.fields).toEqual({ '@referenced_by': 'routes' });
  await call('DELETE', '/routes/r');
  expect((await call('DELETE', '/services/s')).status).toBe(204);
  expect((await call('GET', '/plugins')).body.data).toEqual([]);
});

test('a reference must lead somewhere', async () => {
  const id = '7fca84d6-7d37-4a74-a7b0-93e576089a41';
  const byId = await call('POST', '/plugins', { name: 'cors', service: { id } });
  expect([byId.status, byId.body.name]).toEqual([400, 'foreign key violation']);
  const byName = await call('POST', '/plugins', { name: 'cors', service: { name: 'none' } });
  expect([byName.status, byName.body.name]).toEqual([400, 'foreign keys unresolved']);
});

test('the config of a plugin lies over its defaults', async () => {
  const { body } = await call('POST', '/plugins', { name: 'kong-upstream-healthcheck', config: { service: 'web' } });
  expect(body.config).toEqual({ passing_only: false, tags: [], service: 'web' });
});

test('pages by tag hold all, in order, while others come and go', async () => {
  for (let i = 0; i < 25; i += 1)
    await kong.seed('POST', '/upstreams', { name: `u${i}`, tags: ['t', i % 2 ? 'odd' : 'even'] });
  const names: string[] = [];
  let next: unknown = '/upstreams?tags=t,odd&size=5';
  while (typeof next === 'string') {
    const { body } = await call('GET', next);
    for (const each of Array.isArray(body.data) ? body.data : []) names.push(String(Object(each).name));
    next = body.next;
    await call('DELETE', `/upstreams/${names.at(-1)}`);
  }
  expect(names.length).toBe(12);
  expect(new Set(names).size).toBe(12);
});

test('with 1,000 upstreams of 10 targets, lists are still served at once', async () => {
  for (let i = 0; i < 1000; i += 1) {
    await kong.seed('POST', '/upstreams', { name: `u${i}`, tags: ['t'] });
    for (let port = 1; port <= 10; port += 1)
      await kong.seed('POST', `/upstreams/u${i}/targets`, { target: `10.0.0.1:${port}`, tags: ['t'] });
  }
  const startMs = performance.now();
  expect((await call('GET', '/tags/t?size=1000')).body.data).toHaveLength(1000);
  expect((await call('GET', '/upstreams?tags=t&size=1000')).body.data).toHaveLength(1000);
  expect((await call('GET', '/upstreams/u999/targets?size=1000')).body.data).toHaveLength(10);
  // Far more than an index takes on a busy machine, far less than a search through all does.
  expect(performance.now() - startMs).toBeLessThan(10_000);
});
