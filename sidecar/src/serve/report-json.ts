import { describeSource } from '../core/binding.ts';
import { describeChange } from '../core/describe.ts';
import type { UpstreamReport } from '../reconcile/report.ts';

/** A report as `/api/v1` and `--output json` give it: snake_case, times in ISO 8601. */
export function reportJson(report: UpstreamReport) {
  const { binding, counts, hold, plan } = report;
  return {
    upstream: report.upstream,
    state: report.state,
    service: binding?.query.service ?? null,
    query: binding?.query ?? null,
    sources: report.sources.map(describeSource),
    targets: report.targets,
    instances: counts ?? null,
    malformed: report.malformed,
    problem: report.problem ?? null,
    notes: report.notes,
    changes: (plan?.changes ?? []).map((change) => ({ ...change, text: describeChange(change) })),
    hold:
      hold === undefined
        ? null
        : { reason: hold.reason, why: hold.why, removals: hold.changes.length, until: isoOf(hold.untilMs) },
    verdicts: report.verdicts.map(({ checks: _, ...verdict }) => verdict),
    last_answer: isoOf(report.lastAnswerMs),
    updated: isoOf(report.updatedMs),
    ...(report.nodes !== undefined && { nodes: report.nodes }),
  };
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
