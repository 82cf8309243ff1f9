import type { ReportView } from '../reconcile/fleet-view.ts';
import type { ApiStatus, ApiTrail } from './api.ts';
import type { Asset } from './assets.ts';
import type { ChangeHistory } from './change-history.ts';
import type { EventFeed } from './event-feed.ts';
import type { KongHealth } from './kong-health.ts';
import type { LiveReports } from './live-reports.ts';
import type { Metrics } from './metrics.ts';
import type { Unreadiness } from './readiness.ts';
import { json, type Reply, text } from './reply.ts';
import { reportJson } from './report-json.ts';
import type { Endpoint } from './server.ts';
import { trailJson } from './trail-json.ts';

/** What the HTTP side shows. */
export interface Shown {
  readonly store: ReportView;
  readonly reports: LiveReports;
  readonly history: ChangeHistory;
  readonly feed: EventFeed;
  readonly kongHealth: KongHealth;
  readonly metrics: Metrics;
  readonly status: () => ApiStatus;
  readonly unreadiness: () => Unreadiness;
}

const NOTHING_TO_ASK = { health: null, notes: [] } as const;

/** The read-only HTTP side of `run`. */
export function statusEndpoints(shown: Shown, assets: readonly Asset[]): readonly Endpoint[] {
  const { reports, history, feed, metrics } = shown;
  return [
    { path: '/healthz', open: true, reply: () => text(200, 'ok') },
    { path: '/readyz', open: true, reply: () => readiness(shown.unreadiness()) },
    { path: '/metrics', reply: () => exposition(metrics) },
    { path: '/api/v1/status', reply: () => json(200, shown.status()) },
    { path: '/api/v1/upstreams', reply: () => json(200, { upstreams: reports.all().map(reportJson) }) },
    { path: '/api/v1/upstreams/:name', reply: ({ name }) => trail(name, shown) },
    { path: '/api/v1/changes', reply: () => json(200, { changes: history.since(0) }) },
    { path: '/api/v1/events', reply: ({ lastEventId }) => feed.follow(lastEventId) },
    ...assets.map(({ path, reply }) => ({ path, open: true, reply: () => reply })),
  ];
}

function readiness(reasons: Unreadiness): Reply {
  return reasons.length === 0 ? text(200, 'ready') : text(503, reasons.join('\n'));
}

async function exposition({ registry }: Metrics): Promise<Reply> {
  return { kind: 'body', status: 200, type: registry.contentType, body: await registry.metrics() };
}

async function trail(name: string, { reports, store, kongHealth }: Shown): Promise<Reply> {
  const known = reports.one(name);
  if (known === undefined) return json(404, { message: `no upstream ${name} is known` });
  const { health, notes } = known.present.length === 0 ? NOTHING_TO_ASK : await kongHealth.of(name);
  const report = reports.one(name);
  if (report === undefined) return json(404, { message: `upstream ${name} is gone` });
  const told = { ...report, notes: [...report.notes, ...notes] };
  const consulFailing = report.watch?.failure !== undefined;
  const body: ApiTrail = trailJson(told, { tag: store.tag, inUse: store.isInUse(name), health, consulFailing });
  return json(200, body);
}
