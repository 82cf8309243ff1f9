import { afterEach, expect, test } from 'vitest';
import { type Endpoint, json, type RunningServer, startServer, text } from '../../sidecar/src/serve/server.ts';

let server: RunningServer | undefined;
afterEach(() => server?.close());

const endpoints: readonly Endpoint[] = [
  { path: '/healthz', reply: () => text(200, 'ok') },
  { path: '/api/v1/upstreams/:name', reply: (name) => json(200, { name }) },
  {
    path: '/broken',
    reply: () => {
      throw new Error('secret detail');
    },
  },
];

async function get(path: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(`${server?.url}${path}`, init);
}

test('answers GET, by path and name, and nothing that writes', async () => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints });
  expect(await (await get('/healthz')).text()).toBe('ok\n');
  expect(await (await get('/api/v1/upstreams/a%2Fb')).json()).toEqual({ name: 'a/b' });
  expect((await get('/healthz', { method: 'HEAD' })).status).toBe(200);
  expect((await get('/healthz', { method: 'POST' })).status).toBe(405);
  for (const path of ['/', '/nothing', '/api/v1/upstreams/', '/api/v1/upstreams/%zz', '/../etc/passwd'])
    expect((await get(path)).status).toBe(404);
  const broken = await get('/broken');
  expect([broken.status, await broken.text()]).toEqual([500, 'internal error\n']);
  expect(broken.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test('asks for the token on everything but health', async () => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints, bearerToken: 'right' });
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/api/v1/upstreams/a')).status).toBe(401);
  expect((await get('/api/v1/upstreams/a', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
  expect((await get('/api/v1/upstreams/a', { headers: { authorization: 'Bearer right' } })).status).toBe(200);
});
