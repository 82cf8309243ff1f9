import { rm, utimes, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectionBudget } from '../../sidecar/src/consul/agent.ts';
import { ConsulClient, type ConsulConnection } from '../../sidecar/src/consul/client.ts';
import { fixedToken, TokenFile, type TokenSource } from '../../sidecar/src/consul/credentials.ts';
import { readHealth } from '../../sidecar/src/consul/health.ts';
import { type Certificates, makeCertificates } from './certificates.ts';

let certificates: Certificates;
let server: http.Server | undefined;
let seen: IncomingMessage[] = [];
const signal = new AbortController().signal;

beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => rm(certificates.folder, { recursive: true }));
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
  server = undefined;
  seen = [];
});

async function listen(
  create: (answer: (request: IncomingMessage, response: ServerResponse) => void) => http.Server,
  where: number | string = 0,
): Promise<number> {
  const created = create((request, response) => {
    seen.push(request);
    response.writeHead(200, { 'X-Consul-Index': '7', 'content-type': 'application/json' });
    response.end('[]');
  });
  await new Promise<void>((resolve) =>
    typeof where === 'string' ? created.listen(where, resolve) : created.listen(where, '127.0.0.1', resolve),
  );
  server = created;
  const address = created.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function read(
  connection: Partial<ConsulConnection> & { readonly addr: string },
  token: TokenSource = fixedToken(undefined),
  service = 'web',
) {
  const client = new ConsulClient({ verify: true, maxBodyBytes: 1_000_000, ...connection }, token);
  try {
    const query = {
      service,
      tags: ['a', 'b'],
      filter: 'x == "y"',
      datacenter: 'dc2',
      namespace: 'ns1',
      partition: 'p1',
    };
    return await readHealth(client, { query, index: 5n, waitMs: 1_000, consistent: true, maxStaleMs: 1 }, signal);
  } finally {
    client.close();
  }
}

describe('a health query', () => {
  test('carries everything, and nothing that would read a cache', async () => {
    const port = await listen((answer) => http.createServer(answer));
    await read({ addr: `http://127.0.0.1:${port}`, httpAuth: 'user:pass' }, fixedToken('secret'));
    const { pathname, searchParams } = new URL(seen[0]?.url ?? '', 'http://consul');
    expect(pathname).toBe('/v1/health/service/web');
    expect([...searchParams].sort()).toEqual(
      [
        ['tag', 'a'],
        ['tag', 'b'],
        ['filter', 'x == "y"'],
        ['dc', 'dc2'],
        ['ns', 'ns1'],
        ['partition', 'p1'],
        ['index', '5'],
        ['wait', '1000ms'],
        ['consistent', '1'],
      ].sort(),
    );
    expect(seen[0]?.headers).toMatchObject({
      'x-consul-token': 'secret',
      authorization: `Basic ${Buffer.from('user:pass').toString('base64')}`,
    });
  });

  test.each(['../../agent/self', 'a/b', 'a?b=c', 'a\r\nX: y', '%2e%2e'])(
    'a service named %j stays a name',
    async (service) => {
      const port = await listen((answer) => http.createServer(answer));
      await read({ addr: `http://127.0.0.1:${port}` }, fixedToken(undefined), service);
      expect(seen[0]?.url?.startsWith(`/v1/health/service/${encodeURIComponent(service)}?`)).toBe(true);
    },
  );

  test('looks where the config says when the binding does not, and where the binding says when it does', async () => {
    const port = await listen((answer) => http.createServer(answer));
    const addr = `http://127.0.0.1:${port}`;
    const client = new ConsulClient(
      { addr, verify: true, maxBodyBytes: 1_000, datacenter: 'home', namespace: 'team' },
      fixedToken(undefined),
    );
    const ask = { index: 0n, waitMs: 0, consistent: false, maxStaleMs: 1 };
    await readHealth(client, { ...ask, query: { service: 'web', tags: [] } }, signal);
    await readHealth(client, { ...ask, query: { service: 'web', tags: [], datacenter: 'dc2' } }, signal);
    expect(seen.map(({ url }) => url)).toEqual([
      '/v1/health/service/web?dc=home&ns=team',
      '/v1/health/service/web?dc=dc2&ns=team',
    ]);
    client.close();
  });

  test('a base path in the address is kept', async () => {
    const port = await listen((answer) => http.createServer(answer));
    await read({ addr: `http://127.0.0.1:${port}/consul/` });
    expect(seen[0]?.url?.startsWith('/consul/v1/health/service/web?')).toBe(true);
  });

  test('an answer larger than allowed is not read', async () => {
    const port = await listen(() =>
      http.createServer((_, response) => response.writeHead(200, { 'X-Consul-Index': '1' }).end('x'.repeat(2_000))),
    );
    await expect(read({ addr: `http://127.0.0.1:${port}`, maxBodyBytes: 1_000 })).rejects.toThrow(
      'larger than 1000 bytes',
    );
  });
});

describe('ways to reach Consul', () => {
  test('a unix socket', async () => {
    const socket = path.join(certificates.folder, 'consul.sock');
    await listen((answer) => http.createServer(answer), socket);
    expect((await read({ addr: `unix://${socket}` })).index).toBe(7n);
  });

  test('TLS with a CA of its own, and not without it', async () => {
    const port = await listen((answer) =>
      https.createServer({ cert: certificates.cert, key: certificates.key }, answer),
    );
    const addr = `https://127.0.0.1:${port}`;
    expect((await read({ addr, caFile: certificates.caFile })).index).toBe(7n);
    expect((await read({ addr, caFile: certificates.caFile, tlsServerName: 'consul.test' })).index).toBe(7n);
    expect((await read({ addr, verify: false })).index).toBe(7n);
    await expect(read({ addr })).rejects.toThrow(/no answer.*UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  });

  test('a client certificate', async () => {
    const { ca, cert, key, caFile, certFile, keyFile } = certificates;
    const port = await listen((answer) =>
      https.createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, answer),
    );
    const addr = `https://127.0.0.1:${port}`;
    expect((await read({ addr, caFile, certFile, keyFile })).index).toBe(7n);
    await expect(read({ addr, caFile })).rejects.toThrow('no answer');
  });

  test('a token file is read again when it changes, and its last token stays when it vanishes', async () => {
    const file = path.join(certificates.folder, 'token');
    await writeFile(file, 'first\n');
    const source = new TokenFile(file);
    expect(await source.read()).toBe('first');
    await writeFile(file, 'second\n');
    await utimes(file, new Date(), new Date(Date.now() + 5_000));
    await expect.poll(() => source.read(), { timeout: 5_000 }).toBe('second');
    await rm(file);
    expect(await source.read()).toBe('second');
    await expect(new TokenFile(file).read()).rejects.toThrow(`cannot read the token file ${file}`);
  });
});

test.each([
  [200, undefined, 150],
  [1_000, undefined, 950],
  [60, undefined, 30],
  [0, undefined, Number.MAX_SAFE_INTEGER],
  [undefined, undefined, 150],
  [200, 20, 20],
])('an agent limit of %s with max_connections %s gives %s polls at once', (limit, configured, expected) => {
  expect(
    connectionBudget({ version: undefined, datacenter: undefined, maxConnectionsPerClient: limit }, configured),
  ).toBe(expected);
});

describe('connections', () => {
  const POLLS = 300;

  test('of hundreds of polls are all kept for the next ones', async () => {
    let opened = 0;
    let open: ServerResponse[] = [];
    const port = await listen(() =>
      http
        .createServer((_, response) => {
          open.push(response);
          if (open.length < POLLS) return;
          for (const each of open) each.writeHead(200, { 'X-Consul-Index': '7' }).end('[]');
          open = [];
        })
        .on('connection', () => {
          opened += 1;
        }),
    );
    const addr = `http://127.0.0.1:${port}`;
    const client = new ConsulClient({ addr, verify: true, maxBodyBytes: 1_000_000 }, fixedToken(undefined));
    const round = () =>
      Promise.all(Array.from({ length: POLLS }, () => client.request({ path: '/health/service/web' }, signal)));
    await round();
    await round();
    client.close();
    expect(opened).toBe(POLLS);
  });
});
