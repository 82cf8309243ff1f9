import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Admin } from './admin.ts';
import type { AdminAnswer } from './errors.ts';
import { type Fault, type FaultKind, Faults } from './faults.ts';
import { proxy } from './proxy.ts';
import { parseRequest } from './request.ts';
import type { Entity } from './schema.ts';

export interface KongDoubleOptions {
  readonly database?: 'postgres' | 'off';
  readonly version?: string;
  readonly role?: string;
  readonly plugins?: readonly string[];
  /** Asked for in the header Kong-Admin-Token. */
  readonly adminToken?: string;
  readonly workspaces?: readonly string[];
  readonly adminPort?: number;
  readonly proxyPort?: number;
  /** Until a new upstream is known to the balancer; Kong's own is 5 s. */
  readonly balancerDelayMs?: number;
}

/** One request that the Admin API got. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly body: Entity | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly status: number;
}

const BUNDLED = [
  'correlation-id',
  'cors',
  'key-auth',
  'rate-limiting',
  'ip-restriction',
  'prometheus',
  'kong-upstream-healthcheck',
];
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** A Kong for tests and the demo: the Admin API as recorded, with state, faults, and a small proxying side. */
export class KongDouble {
  readonly requests: RequestRecord[] = [];
  readonly #options: KongDoubleOptions;
  readonly #faults = new Faults();
  #admin: Admin;
  #adminServer: http.Server | undefined;
  #proxyServer: http.Server | undefined;
  #adminPort: number;
  #proxyPort: number;
  #inFlight = 0;
  /** The most requests that were open at once. */
  mostAtOnce = 0;

  constructor(options: KongDoubleOptions) {
    this.#options = options;
    this.#adminPort = options.adminPort ?? 0;
    this.#proxyPort = options.proxyPort ?? 0;
    this.#admin = this.#newAdmin();
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.#adminPort}`;
  }

  get proxyUrl(): string {
    return `http://127.0.0.1:${this.#proxyPort}`;
  }

  /** Its state, to look at and to put foreign objects into. */
  get admin(): Admin {
    return this.#admin;
  }

  /** Requests that change something, in order. */
  writes(): readonly RequestRecord[] {
    return this.requests.filter(({ method }) => method !== 'GET');
  }

  /** `target=weight` of an upstream, sorted. */
  targets(upstream: string): readonly string[] {
    const found = this.#admin.tables.find('upstreams', upstream);
    if (found === undefined) return [];
    return this.#admin.tables
      .targetsOf(String(found.id))
      .map((target) => `${String(target.target)}=${String(target.weight)}`)
      .sort();
  }

  /** Writes something without it being counted. @throws when it is refused */
  async seed(method: string, path: string, body: Entity): Promise<Entity> {
    const segments = path.split('/').slice(1);
    const request = { method, path, segments, query: new URLSearchParams(), body, text: JSON.stringify(body) };
    const answer = this.#admin.answer(request);
    if (answer.status >= 300) throw new Error(`seed ${path}: ${JSON.stringify(answer.body)}`);
    this.#admin.balancer.refresh();
    return Object(answer.body);
  }

  inject(fault: Fault): () => void {
    return this.#faults.arm(fault);
  }

  async listen(): Promise<void> {
    this.#adminServer = await listen(this.#adminPort, (request, response) => this.#serve(request, response));
    this.#proxyServer = await listen(this.#proxyPort, (request, response) => proxy(this.#admin, request, response));
    this.#adminPort = portOf(this.#adminServer);
    this.#proxyPort = portOf(this.#proxyServer);
  }

  /** Stops listening; state is kept for the next `listen`. */
  async stop(): Promise<void> {
    this.#admin.balancer.stop();
    await Promise.all([this.#adminServer, this.#proxyServer].map(close));
  }

  /** Forgets everything, as a Kong whose database is new. */
  empty(): void {
    this.#admin.balancer.stop();
    this.#admin = this.#newAdmin();
  }

  #newAdmin(): Admin {
    const {
      database = 'postgres',
      version = '3.9.1',
      role = 'traditional',
      plugins = BUNDLED,
      balancerDelayMs = 0,
    } = this.#options;
    return new Admin({ database, version, role, plugins: new Set(plugins), balancerDelayMs });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inFlight += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#inFlight);
    try {
      await this.#answer(incoming, response);
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const prefix = this.#workspacePrefix(incoming.url ?? '/');
    const parsed = await parseRequest(incoming, prefix);
    const method = incoming.method ?? 'GET';
    const fault = this.#faults.meet(method, (incoming.url ?? '/').slice(prefix.length));
    if (fault?.kind === 'delay') await wait(fault.ms);
    if (fault?.kind === 'drop') {
      incoming.socket.destroy();
      return;
    }
    const answer = fault?.kind === 'status' ? fault : this.#reply(incoming, parsed);
    if (answer === undefined) return;
    this.requests.push({
      method,
      path: (incoming.url ?? '/').slice(prefix.length),
      body: 'request' in parsed ? parsed.request.body : undefined,
      headers: incoming.headers,
      status: answer.status,
    });
    send(response, answer, fault);
  }

  #reply(incoming: IncomingMessage, parsed: Awaited<ReturnType<typeof parseRequest>>): AdminAnswer {
    const { adminToken } = this.#options;
    if (adminToken !== undefined && incoming.headers['kong-admin-token'] !== adminToken) {
      return { status: 401, body: { message: 'Invalid credentials. Token or User credentials required' } };
    }
    if ('error' in parsed) {
      return parsed.error === 'json'
        ? { status: 400, body: { message: 'Cannot parse JSON body' } }
        : { status: 500, body: { message: 'An unexpected error occurred' } };
    }
    if (parsed.request.text.length > MAX_BODY_BYTES)
      return { status: 413, body: { message: 'Request body is too large' } };
    return this.#admin.answer(parsed.request);
  }

  #workspacePrefix(url: string): string {
    const [, first = ''] = url.split('/');
    return (this.#options.workspaces ?? []).includes(first) ? `/${first}` : '';
  }
}

export async function startKongDouble(options: KongDoubleOptions = {}): Promise<KongDouble> {
  const double = new KongDouble(options);
  await double.listen();
  return double;
}

function send(response: ServerResponse, answer: AdminAnswer, fault: FaultKind | undefined): void {
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  if (fault?.kind === 'drop-after-write') {
    response.socket?.destroy();
    return;
  }
  if (fault?.kind === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<html>welcome</html>');
    return;
  }
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(text !== '' && { 'content-type': 'application/json; charset=utf-8' }),
    ...(answer.status !== 204 && answer.status !== 304 && { 'content-length': Buffer.byteLength(text) }),
  });
  if (fault?.kind === 'truncate') {
    response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
    return;
  }
  response.end(text);
}

async function listen(
  port: number,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

function portOf(server: http.Server): number {
  const address: AddressInfo | string | null = server.address();
  return address === null || typeof address === 'string' ? 0 : address.port;
}

async function close(server: http.Server | undefined): Promise<void> {
  if (server === undefined) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
