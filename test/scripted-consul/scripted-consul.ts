import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { CheckStatus } from '../../sidecar/src/core/instance.ts';
import { changeAtAgent } from './agent-endpoints.ts';
import { type Answer, type Held, play } from './answer.ts';
import { ChangeIndex, parseBlocking } from './change-index.ts';
import { ConnectionGate } from './connection-gate.ts';
import { criticalChecks } from './critical-checks.ts';
import { changeLocks } from './lock-endpoints.ts';
import { Locks } from './locks.ts';
import { Registrations } from './registrations.ts';
import { queryHeaders, readText, refuse, send, sendText } from './transport.ts';

export type { Answer } from './answer.ts';

export interface ConsulRequestRecord {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly atMs: number;
}

export interface ScriptedConsulOptions {
  /** Past it, connections get 429. It is also what `/v1/agent/self` tells. */
  readonly maxConnectionsPerClient?: number;
}

interface Exchange extends ConsulRequestRecord {
  /** What follows `/v1/`, decoded. */
  readonly segments: readonly string[];
  readonly text: string;
  readonly response: ServerResponse;
}

const DEFAULT_MAX_CONNECTIONS = 200;
const NO_ENDPOINT = {
  status: 404,
  text: 'Invalid URL path: not a recognized HTTP API endpoint\n',
  touched: [],
} as const;

/** Starts a Consul that says what a test tells it to. */
export async function startScriptedConsul(options: ScriptedConsulOptions = {}): Promise<ScriptedConsul> {
  const consul = new ScriptedConsul(options);
  await consul.listen();
  return consul;
}

/** A Consul that says what a test tells it to, over real HTTP; also the small Consul of the demo. */
export class ScriptedConsul {
  readonly requests: ConsulRequestRecord[] = [];
  readonly connections: ConnectionGate;
  readonly locks: Locks;
  readonly #index = new ChangeIndex();
  readonly #services = new Map<string, Held>();
  readonly #scripts = new Map<string, Answer[]>();
  readonly #always = new Map<string, (request: ConsulRequestRecord) => Answer>();
  readonly #registrations = new Registrations();
  #critical: (() => Answer) | undefined;
  #port = 0;

  constructor(options: ScriptedConsulOptions) {
    const maxConnections = options.maxConnectionsPerClient ?? DEFAULT_MAX_CONNECTIONS;
    this.connections = new ConnectionGate((request, response) => {
      this.#serve(request, response).catch((error: unknown) => refuse(response, error));
    }, maxConnections);
    this.locks = new Locks(() => {
      const index = this.#index.advance();
      this.#index.wake();
      return index;
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What Consul holds of a service, `index` any number, lower ones too; whoever waits for a higher one is woken. */
  set(service: string, entries: readonly unknown[], index?: number): void {
    const next = this.#index.advance();
    this.#services.set(service, { index: index ?? next, entries });
    this.#index.wake();
  }

  /** The next answers for a service, each once; they do not wait for anything. */
  script(service: string, ...answers: readonly Answer[]): void {
    this.#scripts.set(service, [...(this.#scripts.get(service) ?? []), ...answers]);
    this.#index.wake();
  }

  /** Every answer for a service from now on, until undefined is given. */
  always(service: string, answer: ((request: ConsulRequestRecord) => Answer) | undefined): void {
    if (answer === undefined) this.#always.delete(service);
    else this.#always.set(service, answer);
    this.#index.wake();
  }

  /** Every answer for the critical checks from now on, until undefined is given. */
  alwaysCritical(answer: (() => Answer) | undefined): void {
    this.#critical = answer;
    this.#index.wake();
  }

  /** Moves a service's index on every so often, its content staying as it is. @returns what ends it */
  churn(service: string, everyMs: number): () => void {
    const timer = setInterval(() => this.set(service, this.#held(service).entries), everyMs).unref();
    return () => clearInterval(timer);
  }

  readsOf(service: string): readonly ConsulRequestRecord[] {
    return this.requests.filter(({ path }) => path === `/v1/health/service/${service}`);
  }

  /** As `PUT /v1/agent/service/register`, in Consul's own names. */
  register(service: { readonly Name: string } & Readonly<Record<string, unknown>>): void {
    this.#publish(this.#registrations.register(service));
  }

  deregister(id: string): void {
    this.#publish(this.#registrations.deregister(id));
  }

  setCheck(id: string, status: CheckStatus): void {
    this.#publish(this.#registrations.setCheck(id, status));
  }

  maintenance(id: string, enable: boolean): void {
    this.#publish(this.#registrations.setMaintenance(id, enable));
  }

  nodeMaintenance(enable: boolean): void {
    this.#publish(this.#registrations.setNodeMaintenance(enable));
  }

  /** Listens, again on the same port after a `stop`. */
  async listen(): Promise<void> {
    this.#port = await this.connections.listen(this.#port);
  }

  /** Stops listening and cuts every connection; what it holds is kept. */
  async stop(): Promise<void> {
    await this.connections.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://consul');
    const record = {
      method: request.method ?? 'GET',
      path: decodeURI(url.pathname),
      query: url.searchParams,
      headers: request.headers,
      atMs: performance.now(),
    };
    this.requests.push(record);
    const segments = url.pathname.split('/').slice(2).map(decodeURIComponent);
    await this.#route({ ...record, segments, text: await readText(request), response });
  }

  async #route(exchange: Exchange): Promise<void> {
    const { segments, response } = exchange;
    const [group = '', kind = ''] = segments;
    if (group === 'health' && kind === 'service') return await this.#health(exchange);
    if (group === 'health' && kind === 'state') return await this.#state(exchange);
    if (group === 'catalog' && kind === 'services') return await this.#catalog(exchange);
    if (group === 'kv' && exchange.method === 'GET') return await this.#key(exchange);
    if (group === 'status' && kind === 'leader') return send(response, JSON.stringify(`127.0.0.1:${this.#port}`));
    if (group === 'agent' && kind === 'self') return send(response, JSON.stringify(this.#self()));
    if (group === 'agent') return this.#agent(exchange);
    if (group === 'kv' || group === 'session') return this.#locks(exchange);
    sendText(response, NO_ENDPOINT.status, NO_ENDPOINT.text);
  }

  async #health(exchange: Exchange): Promise<void> {
    const { segments, query, response } = exchange;
    const [, , name = ''] = segments;
    const scripted = () => this.#always.get(name)?.(exchange) ?? this.#scripts.get(name)?.shift();
    const answer = await this.#block(exchange, () => this.#held(name).index, scripted);
    if (response.destroyed) return;
    if (answer !== undefined) return await play(answer, this.#held(name), response);
    const held = this.#held(name);
    send(response, JSON.stringify(held.entries), { headers: queryHeaders(held.index, query) });
  }

  /** `critical` is the only state that is asked for. */
  async #state(exchange: Exchange): Promise<void> {
    const { query, response } = exchange;
    const answer = await this.#block(
      exchange,
      () => this.#index.value,
      () => this.#critical?.(),
    );
    if (response.destroyed) return;
    const index = this.#index.value;
    const entries = criticalChecks([...this.#services.values()].map((held) => held.entries));
    if (answer !== undefined) return await play(answer, { index, entries }, response);
    send(response, JSON.stringify(entries), { headers: queryHeaders(index, query) });
  }

  async #catalog(exchange: Exchange): Promise<void> {
    await this.#block(exchange, () => this.#index.value);
    const names = [...this.#services].filter(([, { entries }]) => entries.length > 0).map(([name]) => name);
    const body = Object.fromEntries(['consul', ...names].sort().map((name) => [name, []]));
    send(exchange.response, JSON.stringify(body), { headers: queryHeaders(this.#index.value) });
  }

  async #key(exchange: Exchange): Promise<void> {
    const name = exchange.segments.slice(1).join('/');
    await this.#block(exchange, () => this.locks.read(name)?.index ?? this.#index.value);
    const { index, body } = this.locks.read(name) ?? { index: this.#index.value, body: undefined };
    const headers = queryHeaders(index);
    if (body === undefined) send(exchange.response, '', { status: 404, headers });
    else send(exchange.response, JSON.stringify(body), { headers });
  }

  #agent({ segments, query, text, response }: Exchange): void {
    const answer = changeAtAgent(this.#registrations, { path: segments.slice(1), query, text }) ?? NO_ENDPOINT;
    this.#publish(answer.touched);
    sendText(response, answer.status, answer.text);
  }

  #locks({ method, segments, query, text, response }: Exchange): void {
    const answer = changeLocks(this.locks, { method, path: segments, query, text });
    if (answer === undefined) sendText(response, NO_ENDPOINT.status, NO_ENDPOINT.text);
    else send(response, answer.body, { status: answer.status });
  }

  /** Waits while the index is not higher than the asked one. Gives the interrupting answer, if one came up. */
  async #block(
    { query, response }: Exchange,
    current: () => number,
    interrupt: () => Answer | undefined = () => undefined,
  ): Promise<Answer | undefined> {
    const { index, untilMs } = parseBlocking(query);
    for (;;) {
      if (response.destroyed) return undefined;
      const answer = interrupt();
      if (answer !== undefined || current() > index || performance.now() >= untilMs) return answer;
      await this.#index.change(untilMs, response);
    }
  }

  #publish(services: readonly string[]): void {
    for (const name of services) this.set(name, this.#registrations.entriesOf(name));
  }

  /** A service nobody has set moves with every change of others, as in Consul. */
  #held(name: string): Held {
    return this.#services.get(name) ?? { index: this.#index.value, entries: [] };
  }

  #self(): unknown {
    return {
      Config: { Datacenter: 'dc1', NodeName: 'scripted', Server: true, Version: '1.14.8' },
      DebugConfig: { HTTPMaxConnsPerClient: this.connections.maxConnections },
    };
  }
}
