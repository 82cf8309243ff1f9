import http from 'node:http';

/** A small service that says which instance it is; `fail` makes it answer 500. */
export class Instance {
  readonly id: string;
  port = 0;
  fail = false;
  #server: http.Server | undefined;

  constructor(id: string) {
    this.id = id;
  }

  async listen(): Promise<void> {
    const server = http.createServer((_, response) => response.writeHead(this.fail ? 500 : 200).end(this.id));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}

/** Who answered, and what went wrong, over `count` requests one after the other. */
export async function ask(url: string, count: number): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>();
  for (let at = 0; at < count; at += 1) {
    const answer = await fetch(url);
    const text = await answer.text();
    const who = answer.ok ? text : `status ${answer.status}`;
    answers.set(who, (answers.get(who) ?? 0) + 1);
  }
  return answers;
}
