import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { Registrations } from './catalog.ts';

/** One answer of the script, in place of the usual one. */
export type Answer =
  | {
      readonly kind: 'answer';
      readonly status?: number;
      /** Null leaves the header out. */
      readonly index?: number | null;
      readonly entries?: readonly unknown[];
      readonly raw?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'never' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'half' }
  | { readonly kind: 'html' };

export interface ConsulRequestRecord {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly atMs: number;
}

interface Service {
  index: number;
  entries: readonly unknown[];
}

/** A Consul that says what a test tells it to, over real HTTP; also the small Consul of the demo. */
export class ScriptedConsul {
  readonly requests: ConsulRequestRecord[] = [];
  readonly #services = new Map<string, Service>();
  readonly #scripts = new Map<string, Answer[]>();
  readonly #always = new Map<string, (request: ConsulRequestRecord) => Answer>();
  readonly #waiting = new Set<() => void>();
  readonly #registrations = new Registrations();
  #index = 10;
  #server: http.Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What Consul holds of a service; wakes those who wait. */
  set(service: string, entries: readonly unknown[], index?: number): void {
    this.#index += 1;
    this.#services.set(service, { index: index ?? this.#index, entries });
    for (const wake of [...this.#waiting]) wake();
  }

  /** The next answers for a service, each once; they do not wait for anything. */
  script(service: string, ...answers: readonly Answer[]): void {
    this.#scripts.set(service, [...(this.#scripts.get(service) ?? []), ...answers]);
    for (const wake of [...this.#waiting]) wake();
  }

  /** Every answer for a service from now on, until undefined is given. */
  always(service: string, answer: ((request: ConsulRequestRecord) => Answer) | undefined): void {
    if (answer === undefined) this.#always.delete(service);
    else this.#always.set(service, answer);
    for (const wake of [...this.#waiting]) wake();
  }

  readsOf(service: string): readonly ConsulRequestRecord[] {
    return this.requests.filter(({ path }) => path === `/v1/health/service/${service}`);
  }

  async listen(): Promise<void> {
    const server = http.createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
    this.#server = server;
  }

  /** Stops listening; what it holds is kept. */
  async stop(): Promise<void> {
    for (const wake of [...this.#waiting]) wake();
    const server = this.#server;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://consul');
    const record = {
      path: decodeURI(url.pathname),
      query: url.searchParams,
      headers: request.headers,
      atMs: performance.now(),
    };
    this.requests.push(record);
    const [, , group = '', kind = '', name = ''] = url.pathname.split('/').map(decodeURIComponent);
    if (group === 'health' && kind === 'service') return await this.#health(name, record, response);
    if (group === 'status') return send(response, JSON.stringify(`127.0.0.1:${this.#port}`), {});
    if (group === 'agent' && kind === 'self')
      return send(
        response,
        '{"Config":{"Version":"1.14.8","Datacenter":"dc1"},"DebugConfig":{"HTTPMaxConnsPerClient":200}}',
        {},
      );
    if (group === 'catalog') return this.#catalog(response);
    if (group === 'agent') return await this.#agent(kind, name, url, request, response);
    response.writeHead(404).end();
  }

  async #health(name: string, record: ConsulRequestRecord, response: ServerResponse): Promise<void> {
    const index = Number(record.query.get('index') ?? 0);
    const waitMs = Number.parseInt(record.query.get('wait') ?? '0', 10);
    const untilMs = performance.now() + (index > 0 ? waitMs : 0);
    for (;;) {
      const answer = this.#always.get(name)?.(record) ?? this.#scripts.get(name)?.shift();
      if (answer !== undefined) return await this.#play(answer, name, response);
      const service = this.#service(name);
      if (service.index > index || index > this.#index || performance.now() >= untilMs)
        return sendEntries(response, service.index, service.entries, {});
      await this.#changeOr(untilMs, response);
      if (response.destroyed) return;
    }
  }

  async #play(answer: Answer, name: string, response: ServerResponse): Promise<void> {
    switch (answer.kind) {
      case 'answer': {
        const { status = 200, index, entries, raw, headers = {} } = answer;
        const service = this.#service(name);
        const body = raw ?? JSON.stringify(entries ?? service.entries);
        return send(
          response,
          body,
          { ...(index !== null && { 'X-Consul-Index': String(index ?? service.index) }), ...headers },
          status,
        );
      }
      case 'never':
        return;
      case 'reset':
        response.socket?.destroy();
        return;
      case 'half':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000, 'X-Consul-Index': '99' });
        response.write('[{"Node":', () => response.socket?.destroy());
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html', 'X-Consul-Index': '99' });
        response.end('<html>sign in</html>');
        return;
      default:
        throw new Error(`unknown answer: ${answer satisfies never}`);
    }
  }

  #service(name: string): Service {
    return this.#services.get(name) ?? { index: this.#index, entries: [] };
  }

  #catalog(response: ServerResponse): void {
    const names = [...this.#services.keys(), ...this.#registrations.names()];
    send(response, JSON.stringify(Object.fromEntries(names.map((name) => [name, []]))), {
      'X-Consul-Index': String(this.#index),
    });
  }

  /** `/v1/agent/service/register` and its like. */
  async #agent(
    kind: string,
    action: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString('utf8');
    const body: unknown = text === '' ? {} : JSON.parse(text);
    const id = decodeURIComponent(url.pathname.split('/')[5] ?? '');
    const name = this.#change(`${kind}/${action}`, id, body, url.searchParams);
    if (name === undefined) {
      response.writeHead(404).end();
      return;
    }
    this.set(name, this.#registrations.entriesOf(name));
    send(response, '', {});
  }

  #change(action: string, id: string, body: unknown, query: URLSearchParams): string | undefined {
    switch (action) {
      case 'service/register':
        return this.#registrations.register(body);
      case 'service/deregister':
        return this.#registrations.deregister(id);
      case 'service/maintenance':
        return this.#registrations.setMaintenance(id, query.get('enable') === 'true');
      case 'check/update': {
        const status = typeof body === 'object' && body !== null && 'Status' in body ? body.Status : '';
        return status === 'passing' || status === 'warning' || status === 'critical'
          ? this.#registrations.setCheck(id, status)
          : undefined;
      }
      default:
        return undefined;
    }
  }

  #changeOr(untilMs: number, response: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(1, untilMs - performance.now()));
      this.#waiting.add(wake);
      response.once('close', wake);
    });
  }
}

export async function startScriptedConsul(): Promise<ScriptedConsul> {
  const consul = new ScriptedConsul();
  await consul.listen();
  return consul;
}

function sendEntries(
  response: ServerResponse,
  index: number,
  entries: readonly unknown[],
  headers: Readonly<Record<string, string>>,
): void {
  send(response, JSON.stringify(entries), {
    'X-Consul-Index': String(index),
    'X-Consul-KnownLeader': 'true',
    'X-Consul-LastContact': '0',
    ...headers,
  });
}

function send(response: ServerResponse, body: string, headers: Readonly<Record<string, string>>, status = 200): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
