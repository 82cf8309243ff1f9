import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../integration/eventually.ts';
import { followEvents } from './events-client.ts';
import { registerMany, type Stage, startStage } from './stage.ts';

let stage: Stage | undefined;
const sockets: net.Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stage?.close();
});

function connect(url: string, bytes: string): void {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  socket.on('error', () => {});
  // Nothing is ever read: what comes stays in the kernel until it is full.
  socket.pause();
  socket.write(bytes);
  sockets.push(socket);
}

test('a thousand who only sit there, and a hundred who follow, do not hold up a change', async () => {
  stage = await startStage({ upstreams: '  web: {}\n', prepare: (consul) => registerMany(consul, 'web', 1) });
  const { consul, kong, url } = stage;
  await eventually(() => expect(kong.targets('web')).toHaveLength(1));
  const clients = await Promise.all(Array.from({ length: 100 }, () => followEvents(url())));
  for (let at = 0; at < 1_000; at += 1) connect(url(), '');
  for (let at = 0; at < 20; at += 1) connect(url(), 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');

  for (let count = 2; count <= 6; count += 1) {
    registerMany(consul, 'web', count);
    await eventually(() => expect(kong.targets('web')).toHaveLength(count));
  }
  await eventually(() => {
    for (const client of clients) {
      const targets = client.dataOf('upstreams').flatMap((data) => Object(data).upstreams[0].targets);
      expect(targets.at(-1)).toBe(6);
    }
  });
  expect((await fetch(`${url()}/healthz`)).status).toBe(200);
  for (const client of clients) client.close();
});

test('past its limit a client is refused, and comes in when another leaves', async () => {
  stage = await startStage({ upstreams: '  web: {}\n' });
  const { url } = stage;
  const clients = await Promise.all(Array.from({ length: 128 }, () => followEvents(url())));
  const refused = await fetch(`${url()}/api/v1/events`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
  for (const client of clients.slice(0, 1)) client.close();
  await eventually(async () => {
    const client = await followEvents(url());
    client.close();
  });
  for (const client of clients) client.close();
});
