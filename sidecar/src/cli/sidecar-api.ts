import { z } from 'zod';
import { deadline } from '../net/deadline.ts';
import { messageOf } from '../net/message-of.ts';
import type { Candidate } from './trail-source.ts';

const TIMEOUT_MS = 10_000;

const summary = z.object({
  upstream: z.string(),
  state: z.string(),
  service: z.string().nullable(),
  targets: z.number(),
  instances: z.object({ registered: z.number(), healthy: z.number() }).nullable(),
  problem: z.string().nullable(),
  remark: z.string(),
  verdicts: z.array(z.object({ instance: z.string(), target: z.string().nullish(), address: z.string() })).readonly(),
});
const list = z.object({ upstreams: z.array(summary).readonly() });

/** One upstream as the API's list tells it. */
export type UpstreamSummary = z.infer<typeof summary>;

/** The read-only HTTP side of a sidecar that runs. */
export class SidecarApi {
  readonly #base: string;
  readonly #token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.#base = url.replace(/\/+$/, '');
    this.#token = token;
  }

  /** Every upstream, sorted by name. @throws when the sidecar does not answer, or something else does */
  async upstreams(signal: AbortSignal): Promise<readonly UpstreamSummary[]> {
    const parsed = list.safeParse(await this.#get('/api/v1/upstreams', signal));
    if (!parsed.success) throw new Error(`${this.#base} does not answer as kong-consul does: check --sidecar`);
    return parsed.data.upstreams;
  }

  async candidates(signal: AbortSignal): Promise<readonly Candidate[]> {
    return (await this.upstreams(signal)).map(({ upstream, service, verdicts }) => ({
      upstream,
      service: service ?? undefined,
      instances: verdicts.map(({ instance, target, address }) => ({ instance, target: target ?? undefined, address })),
      targets: [],
    }));
  }

  async trail(upstream: string, signal: AbortSignal): Promise<unknown> {
    return await this.#get(`/api/v1/upstreams/${encodeURIComponent(upstream)}`, signal);
  }

  async #get(path: string, signal: AbortSignal): Promise<unknown> {
    using limit = deadline(signal, TIMEOUT_MS);
    const headers = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    let answer: Response;
    try {
      answer = await fetch(`${this.#base}${path}`, { headers, redirect: 'error', signal: limit.signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(`no sidecar answers at ${this.#base}: ${limit.expired() ? 'too slow' : causeOf(error)}`);
    }
    if (answer.status === 401)
      throw new Error(`the sidecar at ${this.#base} wants its bearer token: set KONG_CONSUL_LISTEN_TOKEN`);
    if (!answer.ok) throw new Error(`the sidecar at ${this.#base} answered ${answer.status} to ${path}`);
    try {
      return await answer.json();
    } catch {
      signal.throwIfAborted();
      throw new Error(`${this.#base} does not answer as kong-consul does: check --sidecar`);
    }
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return messageOf(error);
}
