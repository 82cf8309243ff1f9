import { describeSource } from '../core/binding.ts';
import type { Change } from '../core/change.ts';
import { describeChange } from '../core/describe.ts';
import { remarkOf } from '../reconcile/remark.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { isoOf } from './iso.ts';
import { holdJson } from './summary-json.ts';

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
    remark: remarkOf(report),
    notes: report.notes,
    changes: (plan?.changes ?? []).map((change) => changeJson(change, hold?.changes.includes(change) === true)),
    hold: holdJson(hold),
    verdicts: report.verdicts.map(({ checks: _, ...verdict }) => verdict),
    last_answer: isoOf(report.lastAnswerMs),
    updated: isoOf(report.updatedMs),
    ...(report.nodes !== undefined && { nodes: report.nodes }),
  };
}

/** `held`: the guard keeps it back. */
function changeJson(change: Change, held: boolean) {
  return { ...change, text: describeChange(change), held };
}
