import type http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { close, listen, portOf } from '../kong-double/http-server.ts';

export interface StubAnswer {
  readonly status?: number;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body: string | Buffer;
}

/** A server that answers what it is told, and keeps what was asked. */
export class StubServer {
  /** The first line's URL and the headers, as they came. */
  readonly seen: IncomingMessage[] = [];
  /** What it answers from now on. */
  answer: (request: IncomingMessage) => StubAnswer = () => ({ body: '' });
  #server: http.Server | undefined;

  get url(): string {
    return this.#server === undefined ? '' : `http://127.0.0.1:${portOf(this.#server)}`;
  }

  async start(): Promise<void> {
    this.#server = await listen(0, async (request, response) => this.#serve(request, response));
  }

  async stop(): Promise<void> {
    await close(this.#server);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.seen.push(request);
    request.resume();
    const { status = 200, headers = {}, body } = this.answer(request);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  }
}
