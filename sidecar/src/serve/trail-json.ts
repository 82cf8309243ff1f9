import { explainVerdict } from '../core/explain.ts';
import type { Check } from '../core/instance.ts';
import { compareText } from '../core/order.ts';
import { isOwned } from '../core/ownership.ts';
import type { CurrentTarget } from '../core/state.ts';
import { trafficOf } from '../core/traffic.ts';
import type { Verdict } from '../core/verdict.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { reportJson } from './report-json.ts';

/** Characters of a check's output that are told: enough for its reason, never a whole page of HTML. */
const OUTPUT_LENGTH = 300;

/** What is known besides the report. */
export interface TrailContext {
  /** The owner tag. */
  readonly tag: string;
  /** A Kong Service sends its traffic to this upstream. */
  readonly inUse: boolean;
  /** Kong's own health by target; null when it could not be asked. */
  readonly health: ReadonlyMap<string, string> | null;
  /** The service cannot be read from Consul now. */
  readonly consulFailing: boolean;
}

/**
 * A report with all that lies between Consul and Kong: each instance with every check, the rule that decided and
 * whether it gets traffic, each target as Kong holds it. What `explain` and the page show.
 */
export function trailJson(report: UpstreamReport, context: TrailContext) {
  const present = new Map(report.present.map((target) => [target.target, target]));
  const options = report.binding?.options;
  return {
    ...reportJson(report),
    options:
      options === undefined
        ? null
        : {
            passing_only: options.passingOnly,
            on_no_healthy: options.onNoHealthy,
            panic_threshold: options.panicThreshold,
            address_tag: options.addressTag ?? null,
            port: options.port ?? null,
            adopt: options.adopt,
          },
    in_use: context.inUse,
    consul_failing: context.consulFailing,
    verdicts: report.verdicts.map((verdict) => verdictJson(verdict, present, context)),
    // Kong lists them in no order that means anything.
    kong_targets: [...report.present]
      .sort((a, b) => compareText(a.target, b.target))
      .map((target) => targetJson(target, context)),
  };
}

function verdictJson(verdict: Verdict, present: ReadonlyMap<string, CurrentTarget>, context: TrailContext) {
  const { health, consulFailing } = context;
  const target = verdict.target === undefined ? undefined : present.get(verdict.target);
  const ownHealth = target === undefined ? undefined : health?.get(target.target);
  const { gets, decidedBy, why, mend } = trafficOf(verdict, { target, health: ownHealth });
  return {
    instance: verdict.instance,
    state: verdict.state,
    rule: explainVerdict(verdict),
    address: verdict.address,
    target: verdict.target ?? null,
    weight: verdict.skipped === undefined ? verdict.weight : null,
    skipped: verdict.skipped ?? null,
    kept: verdict.kept,
    traffic: {
      gets,
      decided_by: decidedBy,
      why: consulFailing ? `as Consul last said: ${why}` : why,
      mend: mend ?? null,
    },
    checks: verdict.checks.map(checkJson),
  };
}

function checkJson({ id, name, status, output }: Check) {
  return { id, name, status, output: shortened(output) };
}

function targetJson({ target, weight, tags }: CurrentTarget, { tag, health }: TrailContext) {
  return { target, weight, owned: isOwned({ tags }, tag), health: health?.get(target) ?? null };
}

function shortened(output: string): string {
  const text = output.trim();
  return text.length > OUTPUT_LENGTH ? `${text.slice(0, OUTPUT_LENGTH)}…` : text;
}
