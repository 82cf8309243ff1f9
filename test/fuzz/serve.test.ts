import net from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { json, text } from '../../sidecar/src/serve/reply.ts';
import { type RunningServer, startServer } from '../../sidecar/src/serve/server.ts';
import { fuzz } from './fuzz.ts';
import { nastyName } from './nasty.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    bearerToken: 'right',
    endpoints: [
      { path: '/healthz', open: true, reply: () => text(200, 'ok') },
      { path: '/api/v1/upstreams/:name', reply: ({ name }) => json(200, { name }) },
    ],
  });
});

afterAll(() => server.close());

describe('the HTTP side answers whatever comes, and goes on', () => {
  const lines = fc.array(
    fc.oneof(
      nastyName,
      fc.constantFrom(
        'GET /healthz HTTP/1.1',
        'Host: a',
        'POST / HTTP/1.1',
        'Content-Length: 99999999999',
        'Transfer-Encoding: chunked',
        '',
      ),
    ),
    { maxLength: 6 },
  );
  fuzz('bytes that are no request', lines, async (given) => {
    await send(`${given.join('\r\n')}\r\n\r\n`);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  fuzz('names in the path, and tokens', fc.tuple(nastyName, nastyName), async ([name, token]) => {
    const path = `/api/v1/upstreams/${name.replace(/[^\x21-\x7e]/g, encode)}`;
    const answer = await fetch(server.url + path, {
      headers: { authorization: `Bearer ${token.replace(/[^\x20-\x7e]/g, '')}` },
    });
    await answer.text();
    expect([401, 404]).toContain(answer.status);
    const allowed = await fetch(`${server.url}/api/v1/upstreams/${encode(name)}`, {
      headers: { authorization: 'Bearer right' },
    });
    const body = await allowed.text();
    if (allowed.status === 200) expect(JSON.parse(body)).toEqual({ name: wellFormed(name) });
    expect(allowed.headers.get('content-type')).toMatch(/^(application\/json|text\/plain)/);
  });
});

function encode(text: string): string {
  return encodeURIComponent(wellFormed(text));
}

/** Half a character cannot be sent. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '?');
}

/** Resolves when the other side has said all it wants to say. */
async function send(bytes: string): Promise<void> {
  const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.end(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
}
