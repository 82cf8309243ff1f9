import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { KongConnection } from './client.ts';

/** The connections to one Admin API. `onClose`: one that had worked was closed. */
export function createAgent(connection: KongConnection, onClose: () => void): http.Agent {
  const agent = create(connection);
  const known = new WeakSet<Socket>();
  // An agent tells of a connection each time that it becomes free.
  agent.on('free', (socket: Socket) => {
    if (known.has(socket)) return;
    known.add(socket);
    socket.once('close', onClose);
  });
  return agent;
}

function create(connection: KongConnection): http.Agent {
  const pool = { keepAlive: true, maxSockets: connection.concurrency };
  if (!connection.adminUrl.startsWith('https:')) return new http.Agent(pool);
  return new https.Agent({
    ...pool,
    rejectUnauthorized: connection.verify,
    ...(connection.caFile !== undefined && { ca: readFileSync(connection.caFile) }),
    ...(connection.certFile !== undefined && { cert: readFileSync(connection.certFile) }),
    ...(connection.keyFile !== undefined && { key: readFileSync(connection.keyFile) }),
  });
}
