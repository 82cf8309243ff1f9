import { FairQueue } from '../net/fair-queue.ts';
import type { ConsulClient } from './client.ts';
import type { CheckScope, CheckSubject } from './critical-checks.ts';
import { followCriticalChecks } from './critical-feed.ts';

export interface LookoutOptions {
  readonly client: ConsulClient;
  /** Reads of services at once, besides one connection a scope. */
  readonly connections: number;
  /** The watches that what turned critical, or is no longer, has to do with. */
  readonly affected: (scope: CheckScope, subjects: readonly CheckSubject[]) => ReadonlySet<string>;
  /** Reads one of them now. Its failures are its own. */
  readonly read: (key: string, signal: AbortSignal) => Promise<void>;
}

/** While watches take turns, reads at once what has a check that turned critical, or is no longer. */
export class CriticalLookout {
  readonly #options: LookoutOptions;
  readonly #signal: AbortSignal;
  readonly #reads: FairQueue;
  readonly #feeds = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();
  readonly #asked = new Set<string>();

  constructor(options: LookoutOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#reads = new FairQueue(options.connections);
  }

  /** Follows the checks of these scopes and no others. */
  follow(scopes: readonly CheckScope[]): void {
    const wanted = new Map(scopes.map((scope) => [JSON.stringify(scope), scope]));
    for (const [key, { stop }] of this.#feeds) {
      if (wanted.has(key)) continue;
      stop.abort();
      this.#feeds.delete(key);
    }
    for (const [key, scope] of wanted) if (!this.#feeds.has(key)) this.#start(key, scope);
  }

  /** Resolves when every feed has ended, after the signal was aborted. */
  async ended(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map(({ ended }) => ended));
  }

  #start(key: string, scope: CheckScope): void {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    const ended = followCriticalChecks(
      this.#options.client,
      scope,
      (subjects) => {
        for (const watch of this.#options.affected(scope, subjects)) this.#read(watch);
      },
      signal,
    );
    this.#feeds.set(key, { stop, ended });
  }

  /** One that waits for its read need not be asked for again. */
  #read(key: string): void {
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    const read = () => {
      this.#asked.delete(key);
      return this.#options.read(key, this.#signal);
    };
    // A read that fails leaves the service to its turn.
    this.#reads.run(key, this.#signal, read).catch(() => this.#asked.delete(key));
  }
}
