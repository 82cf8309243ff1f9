import type { ConsulClient } from '../consul/client.ts';
import { readHealth } from '../consul/health.ts';
import { readFailureOf } from '../consul/read-failure.ts';
import type { WatchState } from '../consul/snapshot.ts';
import { queryKey, type ServiceQuery } from '../core/binding.ts';
import { FairQueue } from '../net/fair-queue.ts';
import type { SnapshotSource } from './pass.ts';

const READS_AT_ONCE = 32;
const READ_TIMEOUT_MS = 10_000;
const TRIES = 3;

/** Reads each service once, for the commands that do not stay. */
export class OneShotSnapshots implements SnapshotSource {
  readonly #client: ConsulClient;
  readonly #maxStaleMs: number;
  readonly #states = new Map<string, WatchState>();
  readonly #queue = new FairQueue(READS_AT_ONCE);

  constructor(client: ConsulClient, maxStaleMs: number) {
    this.#client = client;
    this.#maxStaleMs = maxStaleMs;
  }

  /** Reads every service; one that fails is remembered as failed and leaves the others alone. */
  async readAll(queries: readonly ServiceQuery[], signal: AbortSignal): Promise<void> {
    const distinct = new Map(queries.map((query) => [queryKey(query), query]));
    await Promise.all([...distinct].map(([key, query]) => this.#readOne(key, query, signal)));
  }

  state(key: string): WatchState | undefined {
    return this.#states.get(key);
  }

  allAnswered(): boolean {
    return [...this.#states.values()].every((state) => state.snapshot !== undefined);
  }

  async confirm(key: string, signal: AbortSignal): Promise<WatchState> {
    const known = this.#states.get(key);
    if (known === undefined) throw new Error(`not read: ${key}`);
    const state = await this.#read(known.query, true, signal);
    this.#states.set(key, state);
    return state;
  }

  async #readOne(key: string, query: ServiceQuery, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#states.set(key, await this.#queue.run(key, signal, () => this.#read(query, false, signal)));
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (attempt < TRIES) continue;
        const failure = readFailureOf(error);
        this.#states.set(key, { query, snapshot: undefined, lastSuccessMs: undefined, failure, failures: attempt });
        return;
      }
    }
  }

  async #read(query: ServiceQuery, consistent: boolean, signal: AbortSignal): Promise<WatchState> {
    const common = { query, index: 0n, waitMs: 0, timeoutMs: READ_TIMEOUT_MS, consistent };
    const answer = await readHealth(this.#client, { ...common, maxStaleMs: this.#maxStaleMs }, signal);
    const atMs = Date.now();
    const snapshot = { ...answer.parse(), index: answer.index, digest: answer.digest, atMs };
    return { query, snapshot, lastSuccessMs: atMs, failure: undefined, failures: 0 };
  }
}
