import type { AxiosResponse } from 'axios';
import pRetry from 'p-retry';
import { Bell } from '../net/bell.ts';
import { deadline } from '../net/deadline.ts';
import { FairQueue, type Urgency } from '../net/fair-queue.ts';
import { foreignText } from '../net/foreign-text.ts';
import { backoffMs, sleep } from '../net/sleep.ts';
import { TokenBucket } from '../net/token-bucket.ts';
import { type AdminApi, createAdminApi, displayUrl, secretsOf } from './admin-http.ts';
import { type BodyParser, readAnswer } from './answer.ts';
import { type KongApi, KongStatusError, KongUnreachableError, NotKongError, OvertakenError } from './errors.ts';
import { isTooLarge, MAX_BODY_BYTES } from './transport.ts';

const RETRIES = 4;
const BACKOFF_BASE_MS = 100;
const BACKOFF_CAP_MS = 2_000;
const RETRY_AFTER_CAP_MS = 30_000;

/** How to reach one Admin API. */
export interface KongConnection {
  /** What answers there, for messages; the Admin API unless told otherwise. */
  readonly api?: KongApi;
  /** May have a base path; userinfo becomes basic authentication. */
  readonly adminUrl: string;
  /** Admin APIs of the same database: asked in turn when one gives no answer. */
  readonly standbyUrls?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly adminToken?: string | undefined;
  readonly workspace?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly verify: boolean;
  readonly timeoutMs: number;
  /** Further tries of a request that failed in passing; 4 unless told otherwise. */
  readonly retries?: number;
  /** Requests at once. */
  readonly concurrency: number;
  /** Writes that disturb a live balancer, per second. */
  readonly writesPerSecond: number;
}

export interface KongRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Built with `kongPath`, below the workspace. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Requests of different upstreams take turns. */
  readonly upstream?: string;
  /** What is urgent goes before what is not. */
  readonly urgency?: Urgency;
  /** Fills what no balancer knows yet: only `concurrency` bounds it. */
  readonly unmetered?: boolean;
  /** The answer may take so long, whatever the usual deadline. */
  readonly patienceMs?: number;
  /** How the body becomes data; as JSON unless told otherwise. */
  readonly parseBody?: BodyParser;
  /** Statuses that are answers here, not errors. */
  readonly accept?: readonly number[];
  /** Asked right before each try: true when it must not be sent any more. */
  readonly isOvertaken?: () => boolean;
}

/** Asked right before each write. Throws when it must not be sent; the signal ends it when it must not go on. */
export type WriteFence = () => AbortSignal;

export interface KongAnswer {
  readonly status: number;
  readonly body: unknown;
  /** The header `Server`, in which Kong tells its version. */
  readonly server: string | undefined;
  /** The header `Date`: Kong's clock. */
  readonly date?: string | undefined;
}

/** What is told about each request that got an answer or failed, for metrics and tests. */
export type KongObserver = (event: {
  readonly method: string;
  /** As in the request: `/upstreams/ID/targets`. */
  readonly path: string;
  readonly upstream: string | undefined;
  readonly status: number | 'error';
  readonly ms: number;
}) => void;

/** One Admin API: budget, deadline and retry for all requests are here and nowhere else. */
export class KongClient {
  readonly displayUrl: string;
  readonly #connection: KongConnection;
  /** One an Admin API, and the one that answered last. */
  readonly #sides: readonly AdminApi[];
  #side = 0;
  readonly #queue: FairQueue;
  readonly #writes: TokenBucket;
  /** The order in which writes are given their tokens. */
  readonly #turns = new FairQueue(1);
  readonly #observe: KongObserver;
  readonly #fence: WriteFence | undefined;
  readonly #closed = new Bell();

  constructor(connection: KongConnection, observe: KongObserver = () => {}, fence?: WriteFence) {
    this.#connection = connection;
    this.#observe = observe;
    this.#fence = fence;
    this.displayUrl = displayUrl(connection.adminUrl);
    this.#queue = new FairQueue(connection.concurrency);
    this.#writes = new TokenBucket(connection.writesPerSecond, connection.writesPerSecond);
    this.#sides = [connection.adminUrl, ...(connection.standbyUrls ?? [])].map((adminUrl) =>
      createAdminApi({ ...connection, adminUrl }, () => this.#closed.ring()),
    );
  }

  /**
   * One answered request: retried on network errors, 429 and 5xx with full jitter and `Retry-After`.
   * @throws KongStatusError, KongUnreachableError, NotKongError, OvertakenError, what the fence throws, or the signal's
   * reason
   */
  async request(request: KongRequest, signal: AbortSignal): Promise<KongAnswer> {
    return pRetry(() => this.#attempt(request, signal), {
      retries: this.#connection.retries ?? RETRIES,
      minTimeout: 0,
      maxTimeout: 0,
      signal,
      shouldRetry: ({ error }) => isPassing(error),
      onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
        if (retriesLeft > 0 && isPassing(error)) await sleep(pauseMs(error, attemptNumber), signal);
      },
    });
  }

  /** How many requests it sends at once. */
  get concurrency(): number {
    return this.#connection.concurrency;
  }

  /** Whether all paths are below a workspace. */
  get hasWorkspace(): boolean {
    return this.#connection.workspace !== undefined;
  }

  /** Resolves when a connection that had worked was closed since this was last asked: Kong may have been restarted. */
  async disconnected(signal: AbortSignal): Promise<void> {
    await this.#closed.heard(signal);
  }

  /** What Kong said, fit to be shown: it may have sent our token back. */
  shown(text: string): string {
    return foreignText(text, secretsOf(this.#connection));
  }

  /** Closes every connection. */
  close(): void {
    for (const side of this.#sides) side.close();
  }

  async #attempt(request: KongRequest, signal: AbortSignal): Promise<KongAnswer> {
    const isWrite = request.method !== 'GET' && request.unmetered !== true;
    const { upstream = '', urgency } = request;
    if (isWrite) await this.#turns.run(upstream, signal, () => this.#writes.take(signal), urgency);
    const send = async () => {
      if (request.isOvertaken?.() === true) throw new OvertakenError(`${request.method} ${request.path}`);
      return await this.#send(request, signal);
    };
    return await this.#queue.run(upstream, signal, send, urgency);
  }

  async #send(request: KongRequest, signal: AbortSignal): Promise<KongAnswer> {
    const label = `${request.method} ${request.path}`;
    const startMs = performance.now();
    const term = request.method === 'GET' ? undefined : this.#fence?.();
    const timeoutMs = Math.max(this.#connection.timeoutMs, request.patienceMs ?? 0);
    using limit = deadline(term === undefined ? signal : [signal, term], timeoutMs);
    const side = this.#side;
    let response: AxiosResponse<unknown>;
    try {
      response = await this.#sideAt(side).axios.request<unknown>({
        method: request.method,
        url: request.query === undefined ? request.path : `${request.path}?${new URLSearchParams(request.query)}`,
        ...(request.body !== undefined && { data: request.body }),
        signal: limit.signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      term?.throwIfAborted();
      this.#tell(request, 'error', startMs);
      if (isTooLarge(error))
        throw new NotKongError(
          label,
          this.displayUrl,
          `the answer is larger than ${MAX_BODY_BYTES} bytes`,
          this.#connection.api,
        );
      if (this.#side === side) this.#side = (side + 1) % this.#sides.length;
      const reason = limit.expired() ? `nothing came within ${timeoutMs} ms` : reasonOf(error);
      throw new KongUnreachableError(label, this.displayUrl, reason, this.#connection.api);
    }
    this.#tell(request, response.status, startMs);
    return this.#interpret(request, label, response);
  }

  #tell({ method, path, upstream }: KongRequest, status: number | 'error', startMs: number): void {
    this.#observe({ method, path, upstream, status, ms: performance.now() - startMs });
  }

  #sideAt(side: number): AdminApi {
    const found = this.#sides[side];
    if (found === undefined) throw new Error(`no Admin API ${side}`);
    return found;
  }

  #interpret(request: KongRequest, label: string, response: AxiosResponse<unknown>): KongAnswer {
    const { status, body, message, packed, server, date, ...raw } = readAnswer(response, request.parseBody);
    const isSuccess = (status >= 200 && status < 300) || request.accept?.includes(status) === true;
    if (!isSuccess) throw new KongStatusError(label, status, this.shown(message), raw.retryAfterMs);
    if (body === undefined) {
      const why = packed === undefined ? '' : `, but packed as ${this.shown(packed)}, which nobody asked for`;
      throw new NotKongError(label, this.displayUrl, `the answer is not JSON${why}`, this.#connection.api);
    }
    return { status, body, server, date };
  }
}

/** The system's code first: axios' own messages can carry the URL with its userinfo. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name;
}

function isPassing(error: unknown): boolean {
  return error instanceof KongUnreachableError || (error instanceof KongStatusError && error.isPassing);
}

function pauseMs(error: unknown, attempt: number): number {
  const asked = error instanceof KongStatusError ? error.retryAfterMs : undefined;
  if (asked !== undefined) return Math.min(asked, RETRY_AFTER_CAP_MS) + backoffMs(0, BACKOFF_BASE_MS, BACKOFF_CAP_MS);
  return backoffMs(attempt, BACKOFF_BASE_MS, BACKOFF_CAP_MS);
}
