import { queryKey, type ServiceQuery } from '../core/binding.ts';
import { childSignal } from '../net/child-signal.ts';
import { FairQueue } from '../net/fair-queue.ts';
import { Gate } from '../net/gate.ts';
import type { ConsulClient } from './client.ts';
import { type CheckScope, type CheckSubject, scopeKey, scopeOf, scopesOf } from './critical-checks.ts';
import { CriticalLookout, type FeedState } from './critical-lookout.ts';
import { hasLeader } from './leader.ts';
import type { PollWait } from './poll-wait.ts';
import { ServiceWatch, type WatchSurroundings } from './service-watch.ts';
import type { ReadFailure, WatchState } from './snapshot.ts';

/** Told of everything that the watches see. */
export interface WatchListener {
  onChange(key: string, state: WatchState): void;
  onFailure(key: string, state: WatchState, failure: ReadFailure): void;
  onRecovery(key: string, state: WatchState): void;
  /** Watches take turns, and what tells that a check turned critical cannot be read. */
  onFeedFailure(state: FeedState, failure: ReadFailure): void;
  onFeedRecovery(state: FeedState): void;
}

export interface WatchPoolOptions {
  readonly client: ConsulClient;
  readonly listener: WatchListener;
  readonly wait: PollWait;
  readonly maxStaleMs: number;
  /** Polls at once; past it watches take turns. */
  readonly maxConnections: number;
}

const URGENT_CONNECTIONS = 8;
const LEADER_PROBE_MS = 500;

interface Running {
  readonly watch: ServiceWatch;
  readonly stop: () => void;
  readonly ended: Promise<void>;
}

/** One watch per distinct query, shared by all bindings that ask it, within the connection budget. */
export class WatchPool {
  readonly #options: WatchPoolOptions;
  readonly #signal: AbortSignal;
  readonly #surroundings: WatchSurroundings;
  readonly #connections: FairQueue;
  readonly #lookout: CriticalLookout;
  readonly #watches = new Map<string, Running>();
  /** The watches of a service, by its name. */
  #keysOf: ReadonlyMap<string, readonly string[]> = new Map();
  #restarts = 0;

  constructor(options: WatchPoolOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#connections = new FairQueue(options.maxConnections);
    const { client, listener, maxStaleMs, wait } = options;
    this.#surroundings = {
      client,
      maxStaleMs,
      gate: new Gate((probe) => hasLeader(client, probe), LEADER_PROBE_MS, signal),
      waitMs: () => this.waitMs,
      whenConnected: (key, poll, pollSignal) => this.#connections.run(key, pollSignal, poll),
      onChange: (key, state) => listener.onChange(key, state),
      onFailure: (key, state, failure) => listener.onFailure(key, state, failure),
      onRecovery: (key, state) => listener.onRecovery(key, state),
      onRefusal: (status, openMs) => wait.refused(status, openMs),
      onRestart: () => {
        this.#restarts += 1;
      },
    };
    this.#lookout = new CriticalLookout(
      {
        client: options.client,
        connections: urgentConnections(options.maxConnections),
        affected: (scope, subjects) => this.#affected(scope, subjects),
        read: async (key, read) => await this.#watches.get(key)?.watch.refresh(read),
        onFailure: (state, failure) => options.listener.onFeedFailure(state, failure),
        onRecovery: (state) => options.listener.onFeedRecovery(state),
      },
      signal,
    );
  }

  /** How often a watch had to begin again: its index went back, or a read failed. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Starts watches for new queries and stops those that nobody asks any more. */
  setQueries(queries: readonly ServiceQuery[]): void {
    const wanted = new Map(queries.map((query) => [queryKey(query), query]));
    for (const [key, running] of this.#watches) {
      if (wanted.has(key)) continue;
      running.stop();
      this.#watches.delete(key);
    }
    for (const [key, query] of wanted) if (!this.#watches.has(key)) this.#start(key, query);
    const keysOf = new Map<string, string[]>();
    for (const [key, { service }] of wanted) keysOf.set(service, [...(keysOf.get(service) ?? []), key]);
    this.#keysOf = keysOf;
    this.#shareConnections();
  }

  /** How long a poll may block at present. */
  get waitMs(): number {
    return this.#options.wait.ms(this.#watches.size, this.#connections.limit);
  }

  state(key: string): WatchState | undefined {
    return this.#watches.get(key)?.watch.state;
  }

  states(): readonly WatchState[] {
    return [...this.#watches.values()].map((running) => running.watch.state);
  }

  /** What tells that a check turned critical, one a scope; none while every watch has a connection of its own. */
  feeds(): readonly FeedState[] {
    return this.#lookout.states();
  }

  /** Reads a service again from the leader. @throws when the answer cannot be trusted, or nobody watches it */
  async confirm(key: string, signal: AbortSignal): Promise<WatchState> {
    const running = this.#watches.get(key);
    if (running === undefined) throw new Error(`not watched: ${key}`);
    return await running.watch.confirm(signal);
  }

  /** Resolves when every loop has ended, after the pool's signal was aborted. */
  async ended(): Promise<void> {
    await Promise.all([this.#lookout.ended(), ...[...this.#watches.values()].map((running) => running.ended)]);
  }

  #start(key: string, query: ServiceQuery): void {
    const own = childSignal(this.#signal);
    const watch = new ServiceWatch(key, query, this.#surroundings);
    const ended = watch.run(own.signal).finally(() => own[Symbol.dispose]());
    this.#watches.set(key, { watch, stop: () => own.abort(), ended });
  }

  /** While watches take turns, some connections are for what turns critical. */
  #shareConnections(): void {
    const { maxConnections } = this.#options;
    const urgent = urgentConnections(maxConnections);
    const scopes =
      this.#watches.size <= maxConnections || urgent === 0
        ? []
        : scopesOf(this.states().map(({ query }) => query)).slice(0, urgent);
    this.#lookout.follow(scopes);
    this.#connections.limit = scopes.length === 0 ? maxConnections : maxConnections - urgent - scopes.length;
  }

  #affected(scope: CheckScope, subjects: readonly CheckSubject[]): ReadonlySet<string> {
    const services = new Set(subjects.flatMap((subject) => ('service' in subject ? [subject.service] : [])));
    const nodes = new Set(subjects.flatMap((subject) => ('node' in subject ? [subject.node] : [])));
    const wanted = scopeKey(scope);
    const isWithin = (key: string) => {
      const query = this.state(key)?.query;
      return query !== undefined && scopeKey(scopeOf(query)) === wanted;
    };
    const keys = [...services].flatMap((service) => this.#keysOf.get(service) ?? []);
    return new Set([...keys, ...this.#keysOn(nodes)].filter(isWithin));
  }

  /** The watches of what has an instance on one of these nodes. */
  #keysOn(nodes: ReadonlySet<string>): readonly string[] {
    if (nodes.size === 0) return [];
    const isOn = ({ watch }: Running) => watch.state.snapshot?.instances.some(({ node }) => nodes.has(node)) === true;
    return [...this.#watches].flatMap(([key, running]) => (isOn(running) ? [key] : []));
  }
}

/** For reads of services at once, out of their turn. */
function urgentConnections(maxConnections: number): number {
  return Math.min(URGENT_CONNECTIONS, Math.floor(maxConnections / 4));
}
