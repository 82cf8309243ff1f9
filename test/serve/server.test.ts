import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { json, text } from '../../sidecar/src/serve/reply.ts';
import { type Endpoint, type RunningServer, startServer } from '../../sidecar/src/serve/server.ts';
import { eventually } from '../integration/eventually.ts';

let server: RunningServer | undefined;
const sockets: net.Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
});

const endpoints: readonly Endpoint[] = [
  { path: '/', open: true, reply: () => text(200, 'page') },
  { path: '/healthz', open: true, reply: () => text(200, 'ok') },
  { path: '/api/v1/upstreams/:name', reply: ({ name }) => json(200, { name }) },
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

/** Sends bytes as they are, as no HTTP client would, and reads what comes until the end. */
async function send(bytes: string): Promise<string> {
  const { hostname, port } = new URL(server?.url ?? '');
  const socket = net.connect(Number(port), hostname);
  sockets.push(socket);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += String(chunk);
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

test('answers GET, by path and name, and nothing that writes', async () => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints });
  expect(await (await get('/healthz')).text()).toBe('ok\n');
  expect(await (await get('/api/v1/upstreams/a%2Fb?x=1')).json()).toEqual({ name: 'a/b' });
  expect((await get('/healthz', { method: 'HEAD' })).status).toBe(200);
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    expect((await get('/healthz', { method })).status).toBe(405);
  for (const path of ['/nothing', '/api/v1/upstreams/', '/api/v1/upstreams/%zz'])
    expect((await get(path)).status).toBe(404);
  const broken = await get('/broken');
  expect([broken.status, await broken.text()]).toEqual([500, 'internal error\n']);
  expect(broken.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test.each([
  '/../../etc/passwd',
  '/page/../../package.json',
  '/page/%2e%2e/%2e%2e/package.json',
  '/page/..%5c..%5cpackage.json',
  '//etc/passwd',
  '/page/%00',
])('has no files but its own: %s', async (path) => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints });
  expect(await send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).toContain('404 Not Found');
});

test('says what to do about an address that is taken', async () => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints });
  const port = Number(new URL(server.url).port);
  await expect(startServer({ host: '127.0.0.1', port, endpoints })).rejects.toThrow(
    `nothing can be served on 127.0.0.1:${port}: something else listens there; --listen takes another address, or off`,
  );
});

test('asks for the token on everything but what is open', async () => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints, bearerToken: 'right' });
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/')).status).toBe(200);
  expect((await get('/nothing')).status).toBe(401);
  const refused = await get('/api/v1/upstreams/a');
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  for (const authorization of ['Bearer wrong', 'Bearer', 'right', 'Basic right', ''])
    expect((await get('/api/v1/upstreams/a', { headers: { authorization } })).status).toBe(401);
  expect((await get('/api/v1/upstreams/a', { headers: { authorization: 'Bearer right' } })).status).toBe(200);
});

test.each([
  ['localhost:7070', '200 OK'],
  ['LOCALHOST', '200 OK'],
  ['status.localhost:80', '200 OK'],
  ['127.0.0.1:9', '200 OK'],
  ['127.1.2.3', '200 OK'],
  ['[::1]:7070', '200 OK'],
  ['evil.example', '421'],
  ['127.0.0.1.evil.example:7070', '421'],
  ['localhost.evil.example', '421'],
  ['evil-localhost', '421'],
  ['10.0.0.1:7070', '421'],
])('on loopback, answers to those who mean this machine: Host %s gets %s', async (host, status) => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints });
  const answer = await send(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  expect(answer.split('\r\n', 1)[0]).toContain(status);
});

test('pages of other sites get nothing, but may link here', async () => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints });
  const ask = (mode: string, site: string) =>
    send(
      `GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: ${site}\r\nSec-Fetch-Mode: ${mode}\r\nConnection: close\r\n\r\n`,
    );
  expect(await ask('no-cors', 'cross-site')).toContain('403 Forbidden');
  expect(await ask('cors', 'cross-site')).toContain('403 Forbidden');
  expect(await ask('navigate', 'cross-site')).toContain('200 OK');
  expect(await ask('cors', 'same-origin')).toContain('200 OK');
});

test('on another address, any Host will do', async () => {
  server = await startServer({ host: '0.0.0.0', port: 0, endpoints });
  const answer = await send('GET /healthz HTTP/1.1\r\nHost: sidecar.internal\r\nConnection: close\r\n\r\n');
  expect(answer).toContain('200 OK');
});

test('refuses headers without end', async () => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints });
  expect(await send(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toContain('431');
});

test('a thousand connections that say nothing leave room: the longest idle ones go', async () => {
  server = await startServer({ host: '127.0.0.1', port: 0, endpoints });
  const { hostname, port } = new URL(server.url);
  let closed = 0;
  for (let at = 0; at < 1_000; at += 1) {
    const socket = net.connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.once('close', () => {
      closed += 1;
    });
    sockets.push(socket);
  }
  await eventually(() => expect(closed).toBeGreaterThanOrEqual(488));
  expect(closed).toBeLessThan(1_000);
  expect((await get('/healthz')).status).toBe(200);
});
