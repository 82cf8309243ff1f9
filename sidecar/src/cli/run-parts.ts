import { connectionBudget, readAgentFacts } from '../consul/agent.ts';
import type { ConsulClient } from '../consul/client.ts';
import { WatchPool } from '../consul/watch-pool.ts';
import { queryKey } from '../core/binding.ts';
import type { Change } from '../core/change.ts';
import { doubtfulUpstream, type KongClient, type KongObserver } from '../kong/client.ts';
import type { NewsListener } from '../kong/declarative/news.ts';
import type { KongDriver } from '../kong/driver.ts';
import type { KongInfo } from '../kong/info.ts';
import { EventLog } from '../log/event-log.ts';
import { deadline } from '../net/deadline.ts';
import type { Election } from '../reconcile/election.ts';
import type { Follower } from '../reconcile/follow.ts';
import { type Leadership, soleWriter } from '../reconcile/leadership.ts';
import { Store } from '../reconcile/store.ts';
import type { Shown } from '../serve/endpoints.ts';
import { KongFailures } from '../serve/kong-failures.ts';
import { Metrics } from '../serve/metrics.ts';
import { unreadinessOf } from '../serve/readiness.ts';
import { createElection } from './create-election.ts';
import { type CommandIo, createConsul, createKong, tagOf } from './session.ts';
import { createShown } from './shown-parts.ts';
import { VERSION } from './version.ts';

/** What `run` is made of. */
export interface RunParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly consul: ConsulClient;
  readonly kong: KongClient;
  readonly pool: WatchPool;
  readonly onChange: (change: Change, drift: boolean) => void;
  readonly onSync: (what: string, problem: string | undefined) => void;
  readonly onNews: NewsListener;
  /** Undefined without leader election. */
  readonly election: Election | undefined;
  readonly leadership: Leadership;
  /** What the HTTP side shows of all this. */
  readonly shown: Shown;
  /** Both known once Kong has answered. */
  driver?: KongDriver;
  kongInfo?: KongInfo;
  follower?: Follower;
}

const AGENT_TIMEOUT_MS = 3_000;
/** A last success older than so many waits makes the sidecar unready. */
const STALE_AFTER_WAITS = 3;

/** Creates the parts and ties them; nothing runs yet but the question for the agent's connection limit. */
export async function createRunParts(io: CommandIo, flags: { readonly dryRun: boolean }): Promise<RunParts> {
  const { config, log, signal } = io;
  const events = new EventLog(log);
  const store = new Store(tagOf(config), (before, now, upstream) => {
    events.report(before, now, upstream);
    metrics.report(now, upstream);
    parts.shown.feed.report(before, now, upstream);
  });
  const consul = createConsul(config);
  const isLeader = () => parts.leadership.term() !== undefined;
  const kongFailures = new KongFailures();
  const reasons = () =>
    unreadinessOf({
      kongHasAnswered: parts.driver !== undefined,
      isSynced: parts.follower?.isReady === true,
      watches: parts.pool.states(),
      kongFailure: kongFailures.first(),
      staleAfterMs: config.consul.waitSeconds * 1000 * STALE_AFTER_WAITS,
      nowMs: Date.now(),
    });
  const metrics = new Metrics({
    store,
    version: VERSION,
    watches: () => parts.pool.states(),
    watchRestarts: () => parts.pool.restarts,
    isLeader,
    isReady: () => reasons().length === 0,
    eventClients: () => parts.shown.feed.clients,
  });
  const maxConnections = await readBudget(consul, io);
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
          if (state.failures === 1) parts.shown.feed.consulMoved();
        },
        onRecovery: (_key, state) => {
          events.watchRecovered(state);
          parts.shown.feed.consulMoved();
        },
      },
    },
    signal,
  );
  const election = createElection(io, consul, events, () => parts.follower);
  const onRequest: KongObserver = (request) => {
    metrics.request(request);
    const doubtful = doubtfulUpstream(request);
    if (doubtful !== undefined) parts.follower?.writeLost(doubtful);
  };
  const kong = createKong(config, onRequest, election && (() => election.fence()));
  const shown = createShown(
    {
      config,
      dryRun: flags.dryRun,
      store,
      metrics,
      consul,
      kong,
      pool,
      isLeader,
      unreadiness: reasons,
      kongInfo: () => parts.kongInfo,
      kongProblem: () => kongFailures.first()?.problem,
    },
    signal,
  );
  const parts: RunParts = {
    store,
    metrics,
    consul,
    pool,
    election,
    leadership: election ?? soleWriter,
    kong,
    onChange: (change, drift) => {
      events.change(change, drift);
      metrics.change(change, drift, answeredMs(store, pool, change.upstream));
      shown.history.add(change, drift);
      shown.feed.changed();
    },
    onSync: (what, problem) => {
      kongFailures.note(what, problem);
      if (problem !== undefined) metrics.kongReadFailed(what);
      events.sync(what, problem);
    },
    shown,
    onNews: (news) => {
      events.declarative(parts.kong.displayUrl, news);
      if (news.kind === 'loaded') metrics.loaded(news.bytes);
    },
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

function answeredMs(store: Store, pool: WatchPool, upstream: string): number | undefined {
  const standing = store.standing(upstream);
  if (standing.kind !== 'bound') return undefined;
  return pool.state(queryKey(standing.binding.query))?.snapshot?.atMs;
}
