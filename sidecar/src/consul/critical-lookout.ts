import { FairQueue } from '../net/fair-queue.ts';
import type { ConsulClient } from './client.ts';
import { type CheckScope, type CheckSubject, scopeKey } from './critical-checks.ts';
import { followCriticalChecks } from './critical-feed.ts';
import { readFailureOf } from './read-failure.ts';
import type { ReadFailure } from './snapshot.ts';

/** The critical checks of one scope, as far as they can be read. */
export interface FeedState {
  readonly scope: CheckScope;
  /** Set while reads fail. */
  readonly failure: ReadFailure | undefined;
  /** Failed reads since the last that succeeded. */
  readonly failures: number;
}

export interface LookoutOptions {
  readonly client: ConsulClient;
  /** Reads of services at once, besides one connection a scope. */
  readonly connections: number;
  /** The watches that what turned critical, or is no longer, has to do with. */
  readonly affected: (scope: CheckScope, subjects: readonly CheckSubject[]) => ReadonlySet<string>;
  /** Reads one of them now. Its failures are its own. */
  readonly read: (key: string, signal: AbortSignal) => Promise<void>;
  readonly onFailure: (state: FeedState, failure: ReadFailure) => void;
  readonly onRecovery: (state: FeedState) => void;
}

interface Feed {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** While watches take turns, reads at once what has a check that turned critical, or is no longer. */
export class CriticalLookout {
  readonly #options: LookoutOptions;
  readonly #signal: AbortSignal;
  readonly #reads: FairQueue;
  readonly #feeds = new Map<string, Feed>();
  readonly #states = new Map<string, FeedState>();
  readonly #asked = new Set<string>();

  constructor(options: LookoutOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#reads = new FairQueue(options.connections);
  }

  /** One a scope that is followed; none while every watch has a connection of its own. */
  states(): readonly FeedState[] {
    return [...this.#states.values()];
  }

  /** Follows the checks of these scopes and no others. */
  follow(scopes: readonly CheckScope[]): void {
    const wanted = new Map(scopes.map((scope) => [scopeKey(scope), scope]));
    for (const [key, { stop }] of this.#feeds) {
      if (wanted.has(key)) continue;
      stop.abort();
      this.#feeds.delete(key);
      this.#states.delete(key);
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
    this.#states.set(key, { scope, failure: undefined, failures: 0 });
    const listener = {
      onChange: (subjects: readonly CheckSubject[]) => {
        for (const watch of this.#options.affected(scope, subjects)) this.#read(watch);
      },
      onFailure: (error: unknown) => this.#noteFailure(key, scope, readFailureOf(error)),
      onSuccess: () => this.#noteSuccess(key, scope),
    };
    const ended = followCriticalChecks(this.#options.client, scope, listener, signal);
    this.#feeds.set(key, { stop, ended });
  }

  #noteFailure(key: string, scope: CheckScope, failure: ReadFailure): void {
    const state = { scope, failure, failures: (this.#states.get(key)?.failures ?? 0) + 1 };
    this.#states.set(key, state);
    this.#options.onFailure(state, failure);
  }

  #noteSuccess(key: string, scope: CheckScope): void {
    const wasFailing = this.#states.get(key)?.failure !== undefined;
    const state = { scope, failure: undefined, failures: 0 };
    this.#states.set(key, state);
    if (wasFailing) this.#options.onRecovery(state);
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
