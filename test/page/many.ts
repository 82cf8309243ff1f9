import { setTimeout as wait } from 'node:timers/promises';
import type { UpstreamReport } from '../../sidecar/src/reconcile/report.ts';
import { Store } from '../../sidecar/src/reconcile/store.ts';
import { readAssets } from '../../sidecar/src/serve/assets.ts';
import { ChangeHistory } from '../../sidecar/src/serve/change-history.ts';
import { statusEndpoints } from '../../sidecar/src/serve/endpoints.ts';
import { EventFeed } from '../../sidecar/src/serve/event-feed.ts';
import { KongHealth } from '../../sidecar/src/serve/kong-health.ts';
import { LiveReports } from '../../sidecar/src/serve/live-reports.ts';
import { Metrics } from '../../sidecar/src/serve/metrics.ts';
import { startServer } from '../../sidecar/src/serve/server.ts';
import { statusJson } from '../../sidecar/src/serve/status-json.ts';
import { summaryJson } from '../../sidecar/src/serve/summary-json.ts';

const BUILT = new URL('../../dist/', import.meta.url);

/** The HTTP side over reports that a test makes up, without Consul and Kong. */
export interface Many {
  readonly url: string;
  /** Another number of instances, all healthy. */
  readonly set: (upstream: string, instances: number) => void;
  readonly close: () => Promise<void>;
}

export async function serveMany(names: readonly string[]): Promise<Many> {
  const stop = new AbortController();
  const store = new Store('kong-consul:test', (before, now, upstream) => feed.report(before, now, upstream));
  const history = new ChangeHistory();
  const reports = new LiveReports(store, { state: () => undefined });
  const identity = {
    version: 'test',
    owner: 'test',
    startedMs: Date.now(),
    dryRun: false,
    consulAddress: 'http://consul',
    kongAddress: 'http://kong',
    healthFrom: [],
  };
  const condition = {
    leader: true,
    reasons: [],
    watches: [],
    consulProblem: undefined,
    kong: undefined,
    kongProblem: undefined,
  };
  const status = () => statusJson(identity, { ...condition, reports: store.reports() });
  const feed = new EventFeed({
    status,
    history,
    summaries: () => reports.all().map(summaryJson),
    summary: (upstream) => {
      const report = reports.one(upstream);
      return report === undefined ? undefined : summaryJson(report);
    },
  });
  const metrics = new Metrics({
    kongs: [],
    version: 'test',
    watches: () => [],
    feeds: () => [],
    watchRestarts: () => 0,
    isLeader: () => true,
    isReady: () => true,
    eventClients: () => feed.clients,
  });
  const set = (upstream: string, instances: number) => {
    store.setReport(reportOf(upstream, instances));
    history.add(
      { kind: 'add-target', upstream, target: `10.0.0.${instances}:80`, weight: 1, reason: 'it is passing' },
      false,
    );
    feed.changed();
  };
  for (const name of names) store.setReport(reportOf(name, 3));
  const kongHealth = new KongHealth(() => Promise.resolve({ health: null, notes: [] }), stop.signal);
  const shown = { store, reports, history, feed, kongHealth, metrics, status, unreadiness: () => [] };
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    endpoints: statusEndpoints(shown, await readAssets(BUILT)),
  });
  return {
    url: server.url,
    set,
    close: async () => {
      feed.close();
      stop.abort();
      await wait(0);
      await server.close();
    },
  };
}

function reportOf(upstream: string, instances: number): UpstreamReport {
  return {
    upstream,
    state: 'in_sync',
    sources: [],
    notes: [],
    verdicts: [],
    counts: { registered: instances, healthy: instances, maintenance: 0 },
    targets: instances,
    present: [],
    malformed: 0,
    updatedMs: Date.now(),
  };
}
