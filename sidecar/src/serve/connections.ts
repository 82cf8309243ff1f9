import type http from 'node:http';
import type { Socket } from 'node:net';

/**
 * Bounds the connections of a server, so that clients who only sit there cost no file descriptors that syncing needs:
 * past the limit the one that has been idle longest makes room, and when all are busy the new one is refused.
 */
export function limitConnections(server: http.Server, limit: number): void {
  /** Oldest first. */
  const idle = new Set<Socket>();
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
      idle.delete(socket);
    });
    idle.add(socket);
    if (open <= limit) return;
    const [longestIdle = socket] = idle;
    longestIdle.destroy();
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) idle.add(socket);
    });
  });
}
