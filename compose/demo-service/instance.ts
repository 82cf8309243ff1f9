import http, { type IncomingMessage, type ServerResponse } from 'node:http';

/** One instance: says hello on every path, and on `/health` whether it is well. */
export class Instance {
  readonly #server = http.createServer((request, response) => this.#answer(request, response));
  #id = '';
  #isWell = true;

  get isWell(): boolean {
    return this.#isWell;
  }

  /** @returns the port it listens on. @throws when the port is taken */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, () => resolve());
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** The name it answers with. */
  name(id: string): void {
    this.#id = id;
  }

  /** Lets `/health` fail, or be well again; everything else goes on. */
  toggleHealth(): void {
    this.#isWell = !this.#isWell;
  }

  /** Ends after the requests that are under way. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const isCheck = request.url === '/health';
    const isFine = !isCheck || this.#isWell;
    const message = isCheck ? (isFine ? 'well' : 'broken') : 'Hello from Service!';
    response.writeHead(isFine ? 200 : 503, { 'Content-Type': 'application/json' });
    response.end(`${JSON.stringify({ message, instance: this.#id })}\n`);
  }
}
