import type { Binding } from './binding.ts';
import { type Instance, instanceKey } from './instance.ts';
import { compareText } from './order.ts';
import type { DesiredTarget, DesiredUpstream } from './state.ts';
import { judge, type Verdict } from './verdict.ts';

/** What Kong should hold for one binding, with the verdict on every instance. */
export interface Derivation {
  readonly desired: DesiredUpstream;
  /** Sorted by instance key. */
  readonly verdicts: readonly Verdict[];
  readonly counts: Counts;
  /** Unhealthy instances are targets too, because of `on_no_healthy: keep`. */
  readonly keepsAll: boolean;
}

/** How many instances are registered, would get traffic by the binding's rule, and are in maintenance. */
export interface Counts {
  readonly registered: number;
  readonly healthy: number;
  readonly maintenance: number;
}

/**
 * Derives the desired upstream from a trusted answer. Pure: the same instances in any order give the same bytes.
 *
 * `malformed` entries could not be read; they count as registered, so that an answer nobody can read never looks empty.
 */
export function derive(binding: Binding, instances: readonly Instance[], malformed = 0): Derivation {
  const sorted = [...instances].sort((a, b) => compareText(instanceKey(a), instanceKey(b)));
  const usual = sorted.map((instance) => judge(instance, binding.options, false));
  const counts = count(usual, malformed);
  const keepsAll = mustKeepAll(counts, binding);
  const verdicts = keepsAll ? sorted.map((instance) => judge(instance, binding.options, true)) : usual;
  return {
    desired: {
      name: binding.upstream,
      settings: binding.options.settings,
      adopt: binding.options.adopt,
      targets: mergeByAddress(verdicts),
      excluded: excludedAddresses(verdicts),
    },
    verdicts,
    counts,
    keepsAll,
  };
}

function count(verdicts: readonly Verdict[], malformed: number): Counts {
  return {
    registered: verdicts.length + malformed,
    healthy: verdicts.filter((verdict) => verdict.skipped === undefined && verdict.weight > 0).length,
    maintenance: verdicts.filter((verdict) => verdict.state === 'maintenance').length,
  };
}

/**
 * | healthy share of those not in maintenance | `keep`   | `remove`     |
 * | ----------------------------------------- | -------- | ------------ |
 * | none, or under `panic_threshold` percent  | keep all | healthy only |
 * | otherwise                                 | healthy only | healthy only |
 */
function mustKeepAll(counts: Counts, binding: Binding): boolean {
  if (binding.options.onNoHealthy === 'remove') return false;
  const candidates = counts.registered - counts.maintenance;
  if (candidates === 0) return false;
  if (counts.healthy === 0) return true;
  return counts.healthy * 100 < binding.options.panicThreshold * candidates;
}

/** Two instances with one address are one target: a healthy one speaks for it, then the higher weight. */
function mergeByAddress(verdicts: readonly Verdict[]): readonly DesiredTarget[] {
  const best = new Map<string, Verdict>();
  for (const verdict of verdicts) {
    if (verdict.target === undefined || verdict.skipped !== undefined) continue;
    const other = best.get(verdict.target);
    if (other === undefined || outranks(verdict, other)) best.set(verdict.target, verdict);
  }
  return [...best]
    .map(([target, verdict]) => ({ target, weight: verdict.weight, reason: describe(verdict) }))
    .sort((a, b) => compareText(a.target, b.target));
}

function excludedAddresses(verdicts: readonly Verdict[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const verdict of verdicts) {
    if (verdict.target !== undefined && verdict.skipped !== undefined) reasons.set(verdict.target, describe(verdict));
  }
  return reasons;
}

function outranks(a: Verdict, b: Verdict): boolean {
  if (a.kept !== b.kept) return b.kept;
  return a.weight > b.weight;
}

function describe(verdict: Verdict): string {
  const why = verdict.causes.length === 0 ? '' : ` because of ${verdict.causes.join(', ')}`;
  const state = verdict.state === 'maintenance' ? 'in maintenance' : verdict.state;
  if (verdict.kept) return `${verdict.instance} is ${state}${why}, kept as too few instances are healthy`;
  return `${verdict.instance} is ${state}${why}`;
}
