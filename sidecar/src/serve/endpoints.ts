import type { Store } from '../reconcile/store.ts';
import type { Metrics } from './metrics.ts';
import { reportJson } from './report-json.ts';
import { type Endpoint, json, text } from './server.ts';
import { trailJson } from './trail-json.ts';

/** Why this sidecar is not ready; empty when it is. */
export type Unreadiness = readonly string[];

/** The read-only HTTP side of `run`. */
export function statusEndpoints(store: Store, metrics: Metrics, unreadiness: () => Unreadiness): readonly Endpoint[] {
  return [
    { path: '/healthz', reply: () => text(200, 'ok') },
    {
      path: '/readyz',
      reply: () => {
        const reasons = unreadiness();
        return reasons.length === 0 ? text(200, 'ready') : text(503, reasons.join('\n'));
      },
    },
    {
      path: '/metrics',
      reply: async () => ({ status: 200, type: metrics.registry.contentType, body: await metrics.registry.metrics() }),
    },
    { path: '/api/v1/upstreams', reply: () => json(200, { upstreams: store.reports().map(reportJson) }) },
    {
      path: '/api/v1/upstreams/:name',
      reply: (name) => {
        const report = store.report(name);
        return report === undefined
          ? json(404, { message: `no upstream ${name} is known` })
          : json(200, trailJson(report, { tag: store.tag, inUse: store.isInUse(name), health: null }));
      },
    },
  ];
}
