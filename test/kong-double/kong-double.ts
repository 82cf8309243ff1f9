import type http from 'node:http';
import { Admin } from './admin.ts';
import { type RequestRecord, serveAdmin } from './admin-port.ts';
import { type Fault, Faults } from './faults.ts';
import { close, listen, portOf, type Serve } from './http-server.ts';
import { adminOptions, type KongDoubleOptions } from './options.ts';
import { proxy } from './proxy.ts';
import { parseRequest } from './request.ts';
import type { Entity } from './schema.ts';
import { type KongState, readState, targetsOf } from './state.ts';

export type { RequestRecord } from './admin-port.ts';
export type { KongDoubleOptions } from './options.ts';

/** A Kong for tests and the demo: the Admin API as recorded, with state, faults, and a small proxying side. */
export class KongDouble {
  /** What the Admin API got; `seed` does not count. */
  readonly requests: RequestRecord[] = [];
  readonly #options: KongDoubleOptions;
  readonly #faults = new Faults();
  #admin: Admin;
  readonly #workspaces = new Map<string, Admin>();
  #adminServer: http.Server | undefined;
  #proxyServer: http.Server | undefined;
  #adminPort: number;
  #proxyPort: number;
  #inFlight = 0;
  #mostInFlight = 0;

  constructor(options: KongDoubleOptions) {
    this.#options = options;
    this.#adminPort = options.adminPort ?? 0;
    this.#proxyPort = options.proxyPort ?? 0;
    this.#admin = new Admin(adminOptions(options));
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.#adminPort}`;
  }

  get proxyUrl(): string {
    return `http://127.0.0.1:${this.#proxyPort}`;
  }

  /** The Kong itself: its tables and its balancer. */
  get admin(): Admin {
    return this.#admin;
  }

  /** The same of a workspace; undefined is the default one. */
  adminOf(workspace: string | undefined): Admin {
    if (workspace === undefined) return this.#admin;
    const admin = this.#workspaces.get(workspace) ?? new Admin(adminOptions(this.#options));
    this.#workspaces.set(workspace, admin);
    return admin;
  }

  /** All that it holds, as values. */
  get state(): KongState {
    return readState(this.#admin.tables);
  }

  /** Requests to the Admin API that came and have not been answered yet. */
  get requestsInFlight(): number {
    return this.#inFlight;
  }

  /** The most requests to the Admin API that were open at once. */
  get maxConcurrentRequests(): number {
    return this.#mostInFlight;
  }

  /** An older name of `maxConcurrentRequests`. */
  get mostAtOnce(): number {
    return this.#mostInFlight;
  }

  /** Requests that change something, in order. */
  writes(): readonly RequestRecord[] {
    return this.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
  }

  clearRequests(): void {
    this.requests.length = 0;
  }

  /** `target=weight` of an upstream, sorted. */
  targets(upstream: string, workspace?: string): readonly string[] {
    const { tables } = this.adminOf(workspace);
    const found = tables.find('upstreams', upstream);
    return found === undefined ? [] : targetsOf(tables, found).map(({ target, weight }) => `${target}=${weight}`);
  }

  /** Writes as the Admin API would, known to the balancer at once, and without it being counted. @throws when refused */
  async seed(method: string, path: string, body: Entity, workspace?: string): Promise<Entity> {
    const admin = this.adminOf(workspace);
    const raw = { method, url: path, text: JSON.stringify(body), contentType: 'application/json' };
    const request = parseRequest(raw, admin.release);
    const answer = 'status' in request ? request : admin.answer(request);
    if (answer.status >= 300) throw new Error(`seed ${path}: ${JSON.stringify(answer.body)}`);
    admin.balancer.refresh();
    return Object(answer.body);
  }

  /** Lets requests fail; what comes back takes the fault away. */
  inject(fault: Fault): () => void {
    return this.#faults.arm(fault);
  }

  /** Listens, again on the same ports after `stop`. */
  async listen(): Promise<void> {
    const isRestart = this.#adminServer !== undefined;
    if (isRestart && !this.#keepsState()) this.empty();
    // Kong knows all of its database when it starts.
    this.#admin.balancer.reload();
    this.#adminServer = await listen(this.#adminPort, this.#serveAdmin);
    this.#proxyServer = await listen(this.#proxyPort, (request, response) =>
      proxy(this.#admin, this.#options.dns ?? (() => []), request, response),
    );
    this.#adminPort = portOf(this.#adminServer);
    this.#proxyPort = portOf(this.#proxyServer);
  }

  /** Stops listening and cuts off what is open: a Kong that is gone, until `listen`. */
  async stop(): Promise<void> {
    for (const admin of [this.#admin, ...this.#workspaces.values()]) admin.balancer.stop();
    await Promise.all([this.#adminServer, this.#proxyServer].map(close));
  }

  /** Forgets everything, as a Kong whose database is new. */
  empty(): void {
    this.#admin.balancer.stop();
    this.#admin = new Admin(adminOptions(this.#options));
  }

  readonly #serveAdmin: Serve = async (incoming, response) => {
    this.#inFlight += 1;
    this.#mostInFlight = Math.max(this.#mostInFlight, this.#inFlight);
    const { adminToken, konnect, workspaces = [], around } = this.#options;
    const record = (each: RequestRecord) => this.requests.push(each);
    const adminOf = (workspace: string | undefined) => this.adminOf(workspace);
    const port = { adminOf, adminToken, konnect, workspaces, faults: this.#faults, around, record };
    try {
      await serveAdmin(port, incoming, response);
    } finally {
      this.#inFlight -= 1;
    }
  };

  #keepsState(): boolean {
    return this.#options.statePersistsAcrossRestart ?? this.#options.database !== 'off';
  }
}

export async function startKongDouble(options: KongDoubleOptions = {}): Promise<KongDouble> {
  const double = new KongDouble(options);
  await double.listen();
  return double;
}
