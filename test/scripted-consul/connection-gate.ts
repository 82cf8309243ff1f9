import http from 'node:http';
import net, { type Socket } from 'node:net';

const TOO_MANY = 'Your IP is issuing too many concurrent connections, please rate limit your calls\n';

/** Listens for an HTTP server, and turns connections past a limit away as Consul does: 429 before any request is read. */
export class ConnectionGate {
  /** Changes count for connections to come. */
  maxConnections: number;
  readonly #http: http.Server;
  readonly #open = new Set<Socket>();
  #most = 0;
  #refused = 0;
  #server: net.Server | undefined;

  constructor(listener: http.RequestListener, maxConnections: number) {
    this.#http = http.createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, listener);
    this.maxConnections = maxConnections;
  }

  /** The most connections that were open at once. */
  get most(): number {
    return this.#most;
  }

  get refused(): number {
    return this.#refused;
  }

  /** @param port 0 for any; gives the port it listens on */
  async listen(port: number): Promise<number> {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#admit(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    this.#server = server;
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #admit(socket: Socket): void {
    socket.on('error', () => {});
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#open.size > this.maxConnections) {
      this.#refused += 1;
      const head = ['HTTP/1.1 429 Too Many Requests', 'Content-Type: text/plain', `Content-Length: ${TOO_MANY.length}`];
      socket.end([...head, 'Connection: close', '', TOO_MANY].join('\r\n'), () => socket.destroySoon());
      return;
    }
    this.#most = Math.max(this.#most, this.#open.size);
    this.#http.emit('connection', socket);
  }
}
