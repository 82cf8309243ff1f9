import type { Hold } from '../core/guard.ts';
import { holdEnd } from '../core/hold-end.ts';
import { remarkOf } from '../reconcile/remark.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import type { ApiHold, ApiSummary } from './api.ts';
import { isoOf } from './iso.ts';
import type { LiveReport } from './live-reports.ts';

/** What a list shows of an upstream. */
export function summaryJson(report: LiveReport): ApiSummary {
  return { ...restingSummary(report), consul_failing: report.watch?.failure !== undefined };
}

/** Whether the two look otherwise in a list, Consul apart. */
export function looksOtherwise(before: UpstreamReport | undefined, now: UpstreamReport): boolean {
  return before === undefined || JSON.stringify(restingSummary(before)) !== JSON.stringify(restingSummary(now));
}

export function holdJson(hold: Hold | undefined): ApiHold | null {
  if (hold === undefined) return null;
  const { reason, why, changes, untilMs } = hold;
  return { reason, why, removals: changes.length, until: isoOf(untilMs), ...holdEnd(hold) };
}

function restingSummary(report: UpstreamReport): Omit<ApiSummary, 'consul_failing'> {
  return {
    upstream: report.upstream,
    state: report.state,
    service: report.binding?.query.service ?? null,
    targets: report.targets,
    instances: report.counts ?? null,
    malformed: report.malformed,
    problem: report.problem ?? null,
    hold: holdJson(report.hold),
    pending: (report.plan?.changes.length ?? 0) - (report.hold?.changes.length ?? 0),
    remark: remarkOf(report),
  };
}
