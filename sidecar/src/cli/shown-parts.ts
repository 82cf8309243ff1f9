import type { Config } from '../config/config.ts';
import type { ConsulClient } from '../consul/client.ts';
import type { FeedState } from '../consul/critical-lookout.ts';
import type { WatchState } from '../consul/snapshot.ts';
import type { WatchPool } from '../consul/watch-pool.ts';
import { displayUrl } from '../kong/admin-http.ts';
import type { HealthReader } from '../kong/health-reader.ts';
import type { KongInfo } from '../kong/info.ts';
import type { ReportView } from '../reconcile/fleet-view.ts';
import { ChangeHistory } from '../serve/change-history.ts';
import type { Shown } from '../serve/endpoints.ts';
import { EventFeed } from '../serve/event-feed.ts';
import { KongHealth } from '../serve/kong-health.ts';
import { LiveReports } from '../serve/live-reports.ts';
import type { Metrics } from '../serve/metrics.ts';
import { statusJson } from '../serve/status-json.ts';
import { summaryJson } from '../serve/summary-json.ts';
import { createHealthReader } from './create-health.ts';
import { VERSION } from './version.ts';

export interface ShownOptions {
  readonly config: Config;
  readonly dryRun: boolean;
  readonly store: ReportView;
  readonly metrics: Metrics;
  readonly consul: ConsulClient;
  /** Where Kong is, for people. */
  readonly kongAddress: string;
  readonly pool: WatchPool;
  readonly isLeader: () => boolean;
  readonly unreadiness: () => readonly string[];
  /** Undefined until Kong has answered. */
  readonly kongInfo: () => KongInfo | undefined;
  /** Why Kong cannot be read now. */
  readonly kongProblem: () => string | undefined;
}

/** What the HTTP side shows of a running sidecar. */
export function createShown(options: ShownOptions, signal: AbortSignal): Shown {
  const { config, store, metrics, consul, kongAddress, pool, unreadiness } = options;
  const history = new ChangeHistory();
  const reports = new LiveReports(store, pool);
  const identity = {
    version: VERSION,
    owner: config.owner,
    startedMs: Date.now(),
    dryRun: options.dryRun,
    consulAddress: consul.displayAddr,
    kongAddress,
    healthFrom: config.kong.statusUrl.map(displayUrl),
  };
  const status = () =>
    statusJson(identity, {
      leader: options.isLeader(),
      reasons: unreadiness(),
      watches: pool.states(),
      consulProblem: watchProblem(pool.states()) ?? feedProblem(pool.feeds()),
      kong: options.kongInfo(),
      kongProblem: options.kongProblem(),
      reports: store.reports(),
    });
  const summaries = () => reports.all().map(summaryJson);
  const summary = (upstream: string) => {
    const report = reports.one(upstream);
    return report === undefined ? undefined : summaryJson(report);
  };
  const feed = new EventFeed({ status, summaries, summary, history });
  let reader: HealthReader | undefined;
  const kongHealth = new KongHealth(async (upstream, asking) => {
    const info = options.kongInfo();
    if (info === undefined) throw new Error('Kong has not answered yet');
    reader ??= createHealthReader(config, info);
    return await reader.read(upstream, asking);
  }, signal);
  signal.addEventListener('abort', () => reader?.close(), { once: true });
  return { store, reports, history, feed, kongHealth, metrics, status, unreadiness };
}

/** `3 of 30 services cannot be read from Consul: Consul answered 403`. */
function watchProblem(watches: readonly WatchState[]): string | undefined {
  const failures = watches.flatMap(({ failure }) => failure ?? []);
  const why = failures[0]?.why;
  return why && `${failures.length} of ${watches.length} services cannot be read from Consul: ${why}`;
}

/** Why checks that turn critical are not seen at once while watches take turns. */
function feedProblem(feeds: readonly FeedState[]): string | undefined {
  const failure = feeds.find(({ failure }) => failure !== undefined)?.failure;
  return failure && `a check that turns critical may take 10 s to be seen: ${failure.message}`;
}
