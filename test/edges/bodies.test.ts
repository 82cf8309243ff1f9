import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readServiceNames } from '../../sidecar/src/consul/agent.ts';
import { ConsulClient } from '../../sidecar/src/consul/client.ts';
import { fixedToken } from '../../sidecar/src/consul/credentials.ts';
import { readHealth } from '../../sidecar/src/consul/health.ts';
import { KongClient } from '../../sidecar/src/kong/client.ts';
import { readAll } from '../../sidecar/src/kong/paging.ts';
import { close, portOf } from '../kong-double/http-server.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

const signal = new AbortController().signal;
const JSON_TYPE = { 'content-type': 'application/json', 'x-consul-index': '7' };
let server: http.Server;
let serve: Serve;
let connections = 0;

beforeEach(async () => {
  connections = 0;
  server = http.createServer((request, response) => serve(request, response));
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => close(server));

/** An answer that may not be used, each with what is said of it by the edge that reads it. */
const BODIES: readonly (readonly [string, Serve, RegExp, RegExp])[] = [
  [
    'cut off in the middle of a length that was promised',
    (_, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '1000' }).write('[{"Node"');
      setTimeout(() => response.destroy(), 20);
    },
    /cut off/,
    /gave no answer/,
  ],
  [
    'cut off between chunks',
    (_, response) => {
      response.writeHead(200, JSON_TYPE).write('[');
      setTimeout(() => response.destroy(), 20);
    },
    /cut off/,
    /gave no answer/,
  ],
  [
    'HTML that says it is JSON',
    (_, response) => response.writeHead(200, JSON_TYPE).end('<html>'),
    /no JSON list/,
    /not JSON/,
  ],
  [
    'gzip that nobody asked for',
    (_, response) => response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'x' }).end(gzipSync('[]')),
    /no JSON list/,
    /not JSON/,
  ],
  [
    'gzip that is none',
    (_, response) => response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end('x'),
    /no JSON list/,
    /packed as gzip, which nobody asked for/,
  ],
  ['nothing', (_, response) => response.writeHead(200, JSON_TYPE).end(), /no JSON list/, /a list/],
  [
    'bytes that are no text',
    (_, response) => response.writeHead(200, JSON_TYPE).end(Buffer.from([0xff, 0xfe, 0])),
    /no JSON list/,
    /not JSON/,
  ],
  [
    'a redirect to another server, which would get the token',
    (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    /Consul answered 302/,
    /Kong answered 302/,
  ],
];

describe('a body that cannot be used is an error, not an empty list', () => {
  test.each(BODIES)('%s', async (_, answer, consulSays, kongSays) => {
    serve = answer;
    await expect(askConsul()).rejects.toThrow(consulSays);
    await expect(askKong()).rejects.toThrow(kongSays);
  });

  test('text in chunks of one byte, of another type, is read all the same', async () => {
    const bytes = (response: ServerResponse, text: string) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-type': 'text/plain' });
      for (const byte of text) response.write(byte);
      response.end();
    };
    serve = (_, response) => bytes(response, '[]');
    expect((await askConsul()).index).toBe(7n);
    serve = (_, response) => bytes(response, '{"data":[1],"next":null}');
    expect(await askKong()).toEqual([1]);
  });
});

describe('a body without end is not read to its end', () => {
  const endless: Serve = (_, response) => {
    response.writeHead(200, JSON_TYPE);
    const chunk = Buffer.alloc(1_000_000, ' ');
    const pump = () => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', pump);
    };
    pump();
  };

  test('from Consul: max_body_mb', async () => {
    serve = endless;
    await expect(askConsul()).rejects.toThrow('larger than 1000000 bytes');
  });

  test('from Kong, once: it is not asked for again', async () => {
    serve = endless;
    await expect(askKong()).rejects.toThrow('larger than 67108864 bytes');
    expect(connections).toBe(1);
  });

  test('from Kong, when it comes packed: 65 MB in 65 kB are not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024 + 1, ' '));
    serve = (_, response) => response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(bomb);
    await expect(askKong()).rejects.toThrow('packed as gzip');
  });

  test('headers without end', async () => {
    const flood = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      for (let at = 0; at < 2_000; at += 1) socket.write(`X-${at}: ${'y'.repeat(100)}\r\n`);
    });
    await new Promise<void>((resolve) => flood.listen(0, '127.0.0.1', resolve));
    const address = flood.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    await expect(askConsul(url)).rejects.toThrow(/HPE_HEADER_OVERFLOW|ECONNRESET/);
    await expect(askKong(url)).rejects.toThrow(/HPE_HEADER_OVERFLOW|ECONNRESET/);
    await new Promise((resolve) => flood.close(resolve));
  });
});

describe('a body that trickles in is waited for until its deadline', () => {
  const trickle: Serve = (_, response) => {
    response.writeHead(200, JSON_TYPE).write('[');
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  };

  test('from Consul', async () => {
    serve = trickle;
    await expect(askConsul(urlOf(), 300)).rejects.toThrow('no answer within 300 ms');
  });

  test('from Consul, for the list of services', async () => {
    serve = trickle;
    const client = consul(urlOf());
    await expect(readServiceNames(client, {}, 1, signal)).rejects.toThrow('no answer within 5000 ms');
    client.close();
  });

  test('from Kong', async () => {
    serve = trickle;
    await expect(askKong(urlOf(), { timeoutMs: 100 })).rejects.toThrow('nothing came within 100 ms');
  });
});

describe('a secret that comes back is not shown', () => {
  const echo: Serve = (request, response) => {
    const {
      authorization = '',
      'kong-admin-token': admin = '',
      'x-consul-token': token = '',
      'x-key': key = '',
    } = request.headers;
    const message = `denied: ${authorization} ${admin} ${token} ${key} ${encodeURIComponent(String(key))}\u001b[2J`;
    response.writeHead(403, JSON_TYPE).end(request.url?.startsWith('/v1') ? message : JSON.stringify({ message }));
  };

  test('by Consul or by Kong', async () => {
    serve = echo;
    const withAuth = urlOf().replace('//', '//user:hush-basic@');
    const said = await Promise.all([askConsul(withAuth), askKong(withAuth)].map((work) => work.then(String, String)));
    for (const text of said) {
      expect(text).toContain('denied: ');
      expect(text).not.toMatch(/hush|aHVz|\p{Cc}/u);
    }
  });
});

function urlOf(): string {
  return `http://127.0.0.1:${portOf(server)}`;
}

function consul(addr: string): ConsulClient {
  return new ConsulClient({ addr, verify: true, maxBodyBytes: 1_000_000 }, fixedToken('hush-token'));
}

async function askConsul(addr = urlOf(), timeoutMs = 20_000) {
  const client = consul(addr);
  const query = { service: 'web', tags: [] };
  try {
    const ask = { query, index: 0n, waitMs: 0, timeoutMs, consistent: false, maxStaleMs: 1 };
    return await readHealth(client, ask, signal);
  } finally {
    client.close();
  }
}

async function askKong(adminUrl = urlOf(), { timeoutMs = 20_000 } = {}) {
  const client = new KongClient({
    adminUrl,
    headers: { 'X-Key': 'Bearer hush/header' },
    adminToken: 'hush-admin',
    verify: true,
    timeoutMs,
    concurrency: 1,
    writesPerSecond: 100,
  });
  try {
    return await readAll(client, '/upstreams', signal);
  } finally {
    client.close();
  }
}
