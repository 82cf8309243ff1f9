import { explainVerdict } from '../core/explain.ts';
import type { Check } from '../core/instance.ts';
import { isOwned } from '../core/ownership.ts';
import type { CurrentTarget } from '../core/state.ts';
import type { Verdict } from '../core/verdict.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { reportJson } from './report-json.ts';

/** Characters of a check's output that are told: enough for its reason, never a whole page of HTML. */
const OUTPUT_LENGTH = 300;

/** Kong's own health of each target; null when it could not be asked. */
export type TargetHealth = ReadonlyMap<string, string> | null;

/**
 * A report with all that lies between Consul and Kong: each instance with every check and the rule that decided, each
 * target as Kong holds it. What `explain` and the page show.
 */
export function trailJson(report: UpstreamReport, tag: string, health: TargetHealth) {
  return {
    ...reportJson(report),
    verdicts: report.verdicts.map(verdictJson),
    kong_targets: report.present.map((target) => targetJson(target, tag, health)),
  };
}

function verdictJson(verdict: Verdict) {
  return {
    instance: verdict.instance,
    state: verdict.state,
    rule: explainVerdict(verdict),
    target: verdict.target ?? null,
    weight: verdict.skipped === undefined ? verdict.weight : null,
    skipped: verdict.skipped ?? null,
    kept: verdict.kept,
    checks: verdict.checks.map(checkJson),
  };
}

function checkJson({ id, name, status, output }: Check) {
  return { id, name, status, output: shortened(output) };
}

function targetJson({ target, weight, tags }: CurrentTarget, tag: string, health: TargetHealth) {
  return { target, weight, owned: isOwned({ tags }, tag), health: health?.get(target) ?? null };
}

function shortened(output: string): string {
  const text = output.trim();
  return text.length > OUTPUT_LENGTH ? `${text.slice(0, OUTPUT_LENGTH)}…` : text;
}
