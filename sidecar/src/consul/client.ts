import { EventEmitter } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import Consul from 'consul';
import { z } from 'zod';
import { foreignText, secretsOfBasicAuth } from '../net/foreign-text.ts';
import { isPathSegment } from '../net/path-segment.ts';
import { type TokenSource, tlsOptions } from './credentials.ts';
import { ConsulRequestError, ConsulTimeoutError } from './errors.ts';
import { guardResponse } from './guarded-transport.ts';

/** How to reach Consul's HTTP API. */
export interface ConsulConnection {
  /** `http(s)://host:port`, or `unix:///path`. */
  readonly addr: string;
  readonly caFile?: string | undefined;
  readonly caPath?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly tlsServerName?: string | undefined;
  readonly verify: boolean;
  readonly httpAuth?: string | undefined;
  /** Where to look when a request does not say. */
  readonly datacenter?: string | undefined;
  readonly namespace?: string | undefined;
  readonly partition?: string | undefined;
  readonly maxBodyBytes: number;
}

export interface ConsulRequest {
  readonly method?: 'GET' | 'PUT' | 'POST';
  /** Below `/v1`, with `{name}` for what `params` fills in, encoded. */
  readonly path: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** How long to wait for the whole answer. */
  readonly timeoutMs?: number | undefined;
  /** Of the agent's own datacenter, whichever the connection asks about. */
  readonly local?: boolean;
}

export interface ConsulAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** How the `consul` package calls the verbs that its typed calls are built on. */
const VERBS = { GET: '_get', PUT: '_put', POST: '_post' } as const;

const response = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string().or(z.array(z.string()).transform(String)).optional()),
  body: z.instanceof(Buffer).optional(),
});

/**
 * The `consul` package as client: its connections, encoding and cancelling. Its typed calls drop query parameters
 * (`ns`, several tags) and response headers, so requests go through the generic verb they are built on.
 */
export class ConsulClient {
  readonly displayAddr: string;
  readonly #consul: object;
  readonly #agent: http.Agent;
  readonly #token: TokenSource;
  readonly #auth: string | undefined;
  readonly #maxBodyBytes: number;
  readonly #scope: Readonly<Record<string, string>>;
  readonly #localScope: Readonly<Record<string, string>>;
  #lastToken: string | undefined;

  constructor(connection: ConsulConnection, token: TokenSource) {
    const isUnix = connection.addr.startsWith('unix://');
    const url = new URL(isUnix ? 'http://localhost' : connection.addr);
    this.displayAddr = isUnix ? connection.addr : `${url.protocol}//${url.host}`;
    this.#agent = createAgent(connection, url);
    const userinfo =
      url.username === '' ? undefined : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    this.#auth = connection.httpAuth ?? userinfo;
    this.#token = token;
    this.#maxBodyBytes = connection.maxBodyBytes;
    this.#scope = scopeOf(connection);
    this.#localScope = scopeOf({ ...connection, datacenter: undefined });
    const basePath = url.pathname.replace(/\/$/, '');
    const options = {
      baseUrl: `${url.protocol}//${url.host}${basePath}/v1`,
      agent: this.#agent,
      ...(isUnix && { socketPath: connection.addr.slice('unix://'.length) }),
    };
    this.#consul = new Consul(options);
  }

  /**
   * One answer, whatever its status.
   * @throws ConsulRequestError when none came whole, ConsulTimeoutError when none came in time, or the signal's reason
   */
  async request(request: ConsulRequest, signal: AbortSignal): Promise<ConsulAnswer> {
    signal.throwIfAborted();
    const { timeoutMs } = request;
    const ctx = new EventEmitter();
    const cancel = () => ctx.emit('cancel');
    let expired = false;
    const expire = () => {
      expired = true;
      cancel();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const raw = await this.#send(request, ctx);
      const { statusCode, headers, body } = response.parse(raw);
      return { status: statusCode, headers, body: body ?? Buffer.alloc(0) };
    } catch (error) {
      signal.throwIfAborted();
      if (expired) throw new ConsulTimeoutError(timeoutMs);
      throw new ConsulRequestError(pathOf(request), this.displayAddr, error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    }
  }

  /** What Consul said, fit to be shown: it may have sent our token back. */
  shown(text: string): string {
    const auth = this.#auth === undefined ? [] : secretsOfBasicAuth(this.#auth);
    return foreignText(text, this.#lastToken === undefined ? auth : [this.#lastToken, ...auth]);
  }

  /** Closes every connection. */
  close(): void {
    this.#agent.destroy();
  }

  async #send(request: ConsulRequest, ctx: EventEmitter): Promise<unknown> {
    const noName = Object.values(request.params ?? {}).find((name) => !isPathSegment(name));
    if (noName !== undefined) throw new Error(`nothing can be named ${JSON.stringify(noName)}`);
    const token = await this.#token.read();
    this.#lastToken = token;
    const send: unknown = Reflect.get(this.#consul, VERBS[request.method ?? 'GET']);
    if (typeof send !== 'function') throw new Error('the consul package has no generic verb any more');
    const options = {
      path: request.path,
      params: request.params ?? {},
      query: { ...(request.local === true ? this.#localScope : this.#scope), ...request.query },
      ...(request.body !== undefined && { body: Buffer.from(request.body), type: 'json' }),
      headers: {
        ...(token !== undefined && { 'x-consul-token': token }),
        ...(this.#auth !== undefined && { authorization: `Basic ${Buffer.from(this.#auth).toString('base64')}` }),
      },
      buffer: true,
      ctx,
      exts: { onRequest: guardResponse(this.#maxBodyBytes) },
    };
    return Reflect.apply(send, this.#consul, [options, answerWhateverItsStatus]);
  }
}

/** With the names in it, for people. */
function pathOf({ path, params = {} }: ConsulRequest): string {
  return path.replace(/\{(\w+)\}/g, (whole, name: string) => params[name] ?? whole);
}

function scopeOf({ datacenter, namespace, partition }: ConsulConnection): Readonly<Record<string, string>> {
  return {
    ...(datacenter !== undefined && { dc: datacenter }),
    ...(namespace !== undefined && { ns: namespace }),
    ...(partition !== undefined && { partition }),
  };
}

interface Exchange {
  readonly res?: unknown;
  readonly err?: unknown;
}

function answerWhateverItsStatus(
  exchange: Exchange,
  next: (stop: unknown, error?: unknown, value?: unknown) => void,
): void {
  const isAnswer = exchange.res !== undefined && (exchange.err === undefined || hasStatus(exchange.err));
  if (isAnswer) next(false, undefined, exchange.res);
  else next(exchange.err);
}

function hasStatus(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'response' in error;
}

function createAgent(connection: ConsulConnection, url: URL): http.Agent {
  // At most one a poll: Node would close all but 256 between two polls of thousands.
  const pool = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: Number.POSITIVE_INFINITY };
  return url.protocol === 'https:' ? new https.Agent({ ...pool, ...tlsOptions(connection) }) : new http.Agent(pool);
}
