import { connectionBudget, readAgentFacts } from '../consul/agent.ts';
import type { ConsulClient } from '../consul/client.ts';
import { WatchPool } from '../consul/watch-pool.ts';
import { queryKey } from '../core/binding.ts';
import type { Change } from '../core/change.ts';
import type { KongClient } from '../kong/client.ts';
import type { KongDriver } from '../kong/driver.ts';
import { EventLog } from '../log/event-log.ts';
import { deadline } from '../net/deadline.ts';
import type { Election } from '../reconcile/election.ts';
import type { Follower } from '../reconcile/follow.ts';
import { type Leadership, soleWriter } from '../reconcile/leadership.ts';
import { Store } from '../reconcile/store.ts';
import { Metrics } from '../serve/metrics.ts';
import { createElection } from './create-election.ts';
import { type CommandIo, createConsul, createKong, tagOf } from './session.ts';

/** What `run` is made of. */
export interface RunParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly consul: ConsulClient;
  readonly kong: KongClient;
  readonly pool: WatchPool;
  readonly onChange: (change: Change, drift: boolean) => void;
  readonly onSync: (what: string, problem: string | undefined) => void;
  readonly unreadiness: () => readonly string[];
  /** Undefined without leader election. */
  readonly election: Election | undefined;
  readonly leadership: Leadership;
  /** Known once Kong has answered. */
  driver?: KongDriver;
  follower?: Follower;
}

const AGENT_TIMEOUT_MS = 3_000;
/** A last success older than so many waits makes the sidecar unready. */
const STALE_AFTER_WAITS = 3;

/** Creates the parts and ties them; nothing runs yet but the question for the agent's connection limit. */
export async function createRunParts(io: CommandIo): Promise<RunParts> {
  const { config, log, signal } = io;
  const events = new EventLog(log);
  const store = new Store(tagOf(config), (before, now, upstream) => events.report(before, now, upstream));
  const consul = createConsul(config);
  const metrics = new Metrics(
    store,
    () => oldestSuccessMs(parts.pool),
    () => parts.leadership.term() !== undefined,
  );
  const maxConnections = await readBudget(consul, io);
  const staleMs = config.consul.waitSeconds * 1000 * STALE_AFTER_WAITS;
  const pool = new WatchPool(
    {
      client: consul,
      // A poll that blocks longer than a resync would let a missed change live longer than that.
      waitMs: Math.min(config.consul.waitSeconds, config.resyncSeconds) * 1000,
      maxStaleMs: config.consul.maxStaleMs,
      maxConnections,
      listener: {
        onChange: (key) => parts.follower?.serviceChanged(key),
        onFailure: (_key, state, failure) => {
          metrics.readFailed(failure.reason);
          events.watchFailed(state, failure);
        },
        onRecovery: (_key, state) => events.watchRecovered(state),
      },
    },
    signal,
  );
  const election = createElection(io, consul, events, () => parts.follower);
  const parts: RunParts = {
    store,
    metrics,
    consul,
    pool,
    election,
    leadership: election ?? soleWriter,
    kong: createKong(
      config,
      ({ method, status }) => metrics.request(method, status),
      election && (() => election.fence()),
    ),
    onChange: (change, drift) => {
      events.change(change, drift);
      metrics.change(change, drift ? undefined : answeredMs(store, pool, change.upstream));
    },
    onSync: (what, problem) => {
      if (problem !== undefined) metrics.kongReadFailed(what);
      events.sync(what, problem);
    },
    unreadiness: () => unreadiness(parts, staleMs),
  };
  return parts;
}

async function readBudget(consul: ConsulClient, { config, log, signal }: CommandIo): Promise<number> {
  using limit = deadline(signal, AGENT_TIMEOUT_MS);
  try {
    const facts = await readAgentFacts(consul, limit.signal);
    const budget = connectionBudget(facts, config.consul.maxConnections);
    log.debug({ version: facts.version, limit: facts.maxConnectionsPerClient, budget }, 'Consul agent answered');
    return budget;
  } catch (error) {
    signal.throwIfAborted();
    log.warn(
      { problem: error instanceof Error ? error.message : 'unknown error' },
      'the Consul agent does not answer yet',
    );
    const nothing = { version: undefined, datacenter: undefined, maxConnectionsPerClient: undefined };
    return connectionBudget(nothing, config.consul.maxConnections);
  }
}

function unreadiness(parts: RunParts, staleMs: number): readonly string[] {
  if (parts.driver === undefined) return ['Kong has not answered yet'];
  if (parts.follower?.isReady !== true) return ['the first full sync is not done'];
  const oldestMs = oldestSuccessMs(parts.pool);
  if (oldestMs === undefined) return [];
  const ageMs = Date.now() - oldestMs;
  return ageMs > staleMs ? [`the oldest answer from Consul is ${Math.round(ageMs / 1000)} s old`] : [];
}

/** The watch that has waited longest for a trusted answer; undefined when nothing is watched. */
function oldestSuccessMs(pool: WatchPool): number | undefined {
  const times = pool.states().flatMap((state) => (state.lastSuccessMs === undefined ? [] : [state.lastSuccessMs]));
  return times.length === 0 ? undefined : times.reduce((oldest, ms) => Math.min(oldest, ms));
}

function answeredMs(store: Store, pool: WatchPool, upstream: string): number | undefined {
  const standing = store.standing(upstream);
  if (standing.kind !== 'bound') return undefined;
  return pool.state(queryKey(standing.binding.query))?.snapshot?.atMs;
}
