import { connectionBudget, readAgentFacts } from '../consul/agent.ts';
import type { ConsulClient } from '../consul/client.ts';
import { PollWait, USUAL_WAIT_MS } from '../consul/poll-wait.ts';
import { WatchPool } from '../consul/watch-pool.ts';
import { queryKey } from '../core/binding.ts';
import type { Change } from '../core/change.ts';
import type { KongObserver } from '../kong/client.ts';
import type { DeclarativeNews } from '../kong/declarative/news.ts';
import { lostWrite } from '../kong/lost-write.ts';
import { EventLog } from '../log/event-log.ts';
import { OutageLog } from '../log/outage-log.ts';
import { deadline } from '../net/deadline.ts';
import { messageOf } from '../net/message-of.ts';
import type { Election } from '../reconcile/election.ts';
import { FleetView, type ReportView } from '../reconcile/fleet-view.ts';
import { type Leadership, soleWriter } from '../reconcile/leadership.ts';
import { SharedQueries } from '../reconcile/shared-queries.ts';
import { type ReportListener, Store } from '../reconcile/store.ts';
import type { Shown } from '../serve/endpoints.ts';
import { KongFailures } from '../serve/kong-failures.ts';
import { Metrics } from '../serve/metrics.ts';
import { type KongFailure, unreadinessOf } from '../serve/readiness.ts';
import { createElection } from './create-election.ts';
import { nodeName } from './kong-targets.ts';
import type { RunNode } from './run-node.ts';
import { type CommandIo, createConsul, createKong, tagOf } from './session.ts';
import { createShown } from './shown-parts.ts';
import { VERSION } from './version.ts';

/** What `run` is made of. */
export interface RunParts {
  readonly metrics: Metrics;
  readonly consul: ConsulClient;
  /** One, or each Kong of a fleet. */
  readonly nodes: readonly RunNode[];
  readonly pool: WatchPool;
  readonly onChange: (node: RunNode, change: Change, drift: boolean) => void;
  readonly onSync: (node: RunNode, what: string, problem: string | undefined) => void;
  readonly onNews: (node: RunNode, news: DeclarativeNews) => void;
  /** Undefined without leader election. */
  readonly election: Election | undefined;
  readonly leadership: Leadership;
  /** What the HTTP side shows of all this. */
  readonly shown: Shown;
}

const AGENT_TIMEOUT_MS = 3_000;
/** A last success older than so many waits makes the sidecar unready. */
const STALE_AFTER_WAITS = 3;

/** Creates the parts and ties them; nothing runs yet but the question for the agent's connection limit. */
export async function createRunParts(
  io: CommandIo,
  targets: readonly CommandIo[],
  flags: { readonly dryRun: boolean },
): Promise<RunParts> {
  const { config, log, signal } = io;
  const events = new EventLog(log);
  const onReport: ReportListener = (before, now, upstream) => parts.shown.feed.report(before, now, upstream);
  const consul = createConsul(config);
  const waitMs = config.consul.waitSeconds && config.consul.waitSeconds * 1000;
  const isLeader = () => parts.leadership.term() !== undefined;
  const fleet = new FleetView(tagOf(config), onReport);
  const reasons = () =>
    unreadinessOf({
      kongHasAnswered: parts.nodes.some(({ driver }) => driver !== undefined),
      isSynced: parts.nodes.every(({ driver, follower }) => driver === undefined || follower?.isReady === true),
      watches: parts.pool.states(),
      kongFailure: failureOf(parts.nodes),
      staleAfterMs: STALE_AFTER_WAITS * (waitMs ?? USUAL_WAIT_MS),
      pollMs: parts.pool.waitMs,
      nowMs: Date.now(),
    });
  const fedBy = (key: string) => parts.nodes.flatMap(({ store }) => store.fedBy(key));
  const followers = () => parts.nodes.flatMap(({ follower }) => follower ?? []);
  const outages = new OutageLog(log, (key) => pool.state(key)?.failure !== undefined);
  const pool: WatchPool = new WatchPool(
    {
      client: consul,
      wait: new PollWait({ fixedMs: waitMs, unseenMs: config.resyncSeconds * 1000 }),
      maxStaleMs: config.consul.maxStaleMs,
      maxConnections: await readBudget(consul, io),
      listener: {
        onChange: (key) => {
          for (const follower of followers()) follower.serviceChanged(key);
        },
        onFailure: (key, state, failure) => {
          metrics.readFailed(failure.reason);
          outages.failed(key, state, failure);
          if (state.failures === 1) parts.shown.feed.consulMoved(fedBy(key));
        },
        onRecovery: (key, state) => {
          outages.recovered(key, state);
          parts.shown.feed.consulMoved(fedBy(key));
        },
        onFeedFailure: (state, failure) => {
          metrics.readFailed(failure.reason);
          events.feedFailed(state, failure);
        },
        onFeedRecovery: (state) => events.feedRecovered(state),
      },
    },
    signal,
  );
  const election = createElection(io, consul, events, followers);
  const queries = new SharedQueries(pool);
  const nodes = targets.map((target): RunNode => {
    const name = nodeName(target);
    const isOne = targets.length === 1;
    const own = isOne ? events : new EventLog(log.child({ kong: name }));
    const listener = isOne ? onReport : fleet.listener(name);
    const store = new Store(tagOf(config), (before, now, upstream) => {
      own.report(before, now, upstream);
      metrics.report(name, now, upstream);
      listener(before, now, upstream);
    });
    fleet.add(name, store);
    const onRequest: KongObserver = (request) => {
      metrics.request(name, request);
      const lost = lostWrite(request);
      if (lost !== undefined) parts.nodes.find((node) => node.name === name)?.follower?.writeLost(lost);
    };
    const kong = createKong(target.config, onRequest, election && (() => election.fence()));
    return { name, io: target, store, kong, events: own, failures: new KongFailures(), queries: queries.of(name) };
  });
  const [first] = nodes;
  const view: ReportView = first !== undefined && nodes.length === 1 ? first.store : fleet;
  const metrics = new Metrics({
    kongs: nodes.map((node) => ({
      name: node.name,
      reports: () => node.store.reports(),
      isReadable: () => node.driver !== undefined && node.failures.isEmpty,
    })),
    version: VERSION,
    watches: () => pool.states(),
    feeds: () => pool.feeds(),
    watchRestarts: () => pool.restarts,
    isLeader,
    isReady: () => reasons().length === 0,
    eventClients: () => parts.shown.feed.clients,
  });
  const shown = createShown(
    {
      config,
      dryRun: flags.dryRun,
      store: view,
      metrics,
      consul,
      kongAddress: nodes.map(({ kong }) => kong.displayUrl).join(', '),
      pool,
      isLeader,
      unreadiness: reasons,
      kongInfo: () => nodes.find(({ info }) => info !== undefined)?.info,
      kongProblem: () => problemsOf(nodes),
    },
    signal,
  );
  const parts: RunParts = {
    metrics,
    consul,
    nodes,
    pool,
    election,
    leadership: election ?? soleWriter,
    onChange: (node, change, drift) => {
      node.events.change(change, drift);
      metrics.change(node.name, change, drift, answeredMs(node.store, pool, change.upstream));
      shown.history.add(change, drift);
      shown.feed.changed();
    },
    onSync: (node, what, problem) => {
      node.failures.note(what, problem);
      if (problem !== undefined) metrics.kongReadFailed(node.name, what);
      node.events.sync(what, problem);
    },
    shown,
    onNews: (node, news) => {
      node.events.declarative(news);
      if (news.kind === 'loaded') metrics.loaded(node.name, news.bytes);
    },
  };
  return parts;
}

/** A fleet is read as long as one of its nodes is. */
function failureOf(nodes: readonly RunNode[]): KongFailure | undefined {
  const failing = nodes.flatMap(({ failures }) => failures.first() ?? []);
  return failing.length < nodes.length ? undefined : failing[0];
}

function problemsOf(nodes: readonly RunNode[]): string | undefined {
  const failing = nodes.flatMap(({ name, failures }) => {
    const problem = failures.first()?.problem;
    return problem === undefined ? [] : [nodes.length === 1 ? problem : `${name}: ${problem}`];
  });
  return failing.length === 0 ? undefined : failing.join('; ');
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
    log.warn({ problem: messageOf(error) }, 'the Consul agent does not answer yet');
    const nothing = { version: undefined, datacenter: undefined, maxConnectionsPerClient: undefined };
    return connectionBudget(nothing, config.consul.maxConnections);
  }
}

function answeredMs(store: Store, pool: WatchPool, upstream: string): number | undefined {
  const standing = store.standing(upstream);
  if (standing.kind !== 'bound') return undefined;
  return pool.state(queryKey(standing.binding.query))?.snapshot?.atMs;
}
