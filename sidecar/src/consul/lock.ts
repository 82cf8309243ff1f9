import { z } from 'zod';
import { shortened } from '../net/foreign-text.ts';
import type { ConsulAnswer, ConsulClient } from './client.ts';
import { pollTimeoutMs } from './poll-wait.ts';

/** A Consul session and the key it locks, as Consul describes them for leader election. */
export class Lock {
  readonly key: string;
  readonly #client: ConsulClient;

  constructor(client: ConsulClient, key: string) {
    this.#client = client;
    this.key = key;
  }

  /**
   * A session that only its TTL can end: with node checks a flapping agent would end it before that, and its holder
   * could not know. @throws LockError when Consul refuses
   */
  async createSession(ttlMs: number, signal: AbortSignal): Promise<string> {
    const body = JSON.stringify({
      Name: this.key,
      TTL: `${Math.round(ttlMs / 1000)}s`,
      LockDelay: `${LOCK_DELAY_MS / 1000}s`,
      Behavior: 'release',
      NodeChecks: [],
    });
    const answer = await this.#put('/session/create', { body }, signal);
    if (answer.status !== 200) throw this.#refusal('a session', 'session:write on the node of its agent', answer);
    return parseAnswer(sessionRecord, answer, 'a session').ID;
  }

  /** False when the session is gone. @throws LockError when Consul refuses */
  async renew(session: string, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#put('/session/renew/{session}', { params: { session } }, signal);
    if (answer.status === 404) return false;
    if (answer.status !== 200)
      throw this.#refusal('to renew the session', 'session:write on the node of its agent', answer);
    return true;
  }

  /** Frees the lock; another can have it after Consul's lock delay. */
  async destroy(session: string, signal: AbortSignal): Promise<void> {
    await this.#put('/session/destroy/{session}', { params: { session } }, signal);
  }

  /** Whether the session has the lock now. @throws LockError when Consul refuses, or the session is gone */
  async acquire(session: string, holder: string, signal: AbortSignal): Promise<boolean> {
    const request = { params: { key: this.key }, query: { acquire: session }, body: JSON.stringify({ holder }) };
    const answer = await this.#put('/kv/{key}', request, signal);
    if (answer.status !== 200) throw this.#refusal(`the lock ${this.key}`, `key:write on ${this.key}`, answer);
    return answer.body.toString('utf8').trim() === 'true';
  }

  /** Who has the lock, as soon as that is another than at `index`, or after `waitMs`. @throws LockError */
  async read(index: bigint, waitMs: number, signal: AbortSignal): Promise<LockState> {
    const timeoutMs = pollTimeoutMs(waitMs, REQUEST_MS);
    const query = index === 0n ? {} : { index: String(index), wait: `${waitMs}ms` };
    const answer = await this.#client.request(
      { path: '/kv/{key}', params: { key: this.key }, query, timeoutMs, local: true },
      signal,
    );
    const next = indexOf(answer);
    if (answer.status === 404) return { index: next, session: undefined, holder: undefined };
    if (answer.status !== 200) throw this.#refusal(`the lock ${this.key}`, `key:read on ${this.key}`, answer);
    const [record] = parseAnswer(lockRecords, answer, `the lock ${this.key}`);
    return { index: next, session: record?.Session, holder: holderOf(record?.Value) };
  }

  #refusal(what: string, right: string, { status, body }: ConsulAnswer): LockError {
    const advice = status === 403 ? `; the token needs ${right}` : '';
    const said = this.#client.shown(body.toString('utf8'));
    return new LockError(`Consul answered ${status} when asked for ${what}: ${said}${advice}`);
  }

  async #put(path: string, rest: Omit<Parameters<ConsulClient['request']>[0], 'path'>, signal: AbortSignal) {
    return await this.#client.request({ method: 'PUT', path, ...rest, timeoutMs: REQUEST_MS, local: true }, signal);
  }
}

export interface LockState {
  readonly index: bigint;
  /** The session that has the lock. */
  readonly session: string | undefined;
  /** How the holder, or the last one, calls itself. */
  readonly holder: string | undefined;
}

/** Consul answered, but not with what an election needs. */
export class LockError extends Error {
  override readonly name = 'LockError';

  constructor(message: string) {
    super(shortened(message));
  }
}

/** After a session ends, nobody gets its lock for so long: writes still under way come to their end. */
const LOCK_DELAY_MS = 1_000;
const REQUEST_MS = 3_000;

const sessionRecord = z.object({ ID: z.string().min(1) });
const lockRecords = z.array(z.object({ Session: z.string().optional(), Value: z.string().nullish() })).min(1);
const lockValue = z.object({ holder: z.string() });

/** @throws LockError when it is something else */
export function parseAnswer<T>(schema: z.ZodType<T>, { body }: ConsulAnswer, what: string): T {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    throw new LockError(`Consul was asked for ${what} and answered something else`);
  }
}

function indexOf({ headers }: ConsulAnswer): bigint {
  const text = headers['x-consul-index'] ?? '';
  return /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
}

function holderOf(value: string | null | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  try {
    return lockValue.parse(JSON.parse(Buffer.from(value, 'base64').toString('utf8'))).holder;
  } catch {
    return undefined;
  }
}
