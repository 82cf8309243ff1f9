import { compareText } from '../core/order.ts';
import { fleetReport } from '../reconcile/fleet-report.ts';
import type { OnceResult } from '../reconcile/reconcile-once.ts';

/** What one Kong of a fleet came to. */
export type NodeResult =
  | { readonly node: string; readonly result: OnceResult }
  | { readonly node: string; readonly problem: string };

/** The nodes' results as one. Nodes that failed are told, and do not hold up the others. */
export function mergeResults(nodes: readonly NodeResult[]): OnceResult {
  const done = nodes.flatMap((each) => ('result' in each ? [each] : []));
  const names = new Set(done.flatMap(({ result }) => result.reports.map(({ upstream }) => upstream)));
  const unbound = done.flatMap(({ result }) => result.unbound);
  const [first, ...others] = done.map(({ result }) => result.unknown);
  return {
    reports: [...names].sort(compareText).flatMap((upstream) => {
      const sayings = done.map(({ node, result }) => {
        return { node, report: result.reports.find((report) => report.upstream === upstream) };
      });
      return fleetReport(sayings) ?? [];
    }),
    written: done.flatMap(({ result }) => result.written),
    unknown: (first ?? []).filter((name) => others.every((unknown) => unknown.includes(name))),
    unbound: [...new Map(unbound.map((each) => [`${each.subject}: ${each.reason}`, each])).values()],
    hostsInUse: new Set(done.flatMap(({ result }) => [...result.hostsInUse])),
    documentDiffers: done.some(({ result }) => result.documentDiffers),
    failedNodes: nodes.flatMap((each) => ('problem' in each ? [each] : [])),
  };
}
