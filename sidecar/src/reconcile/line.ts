import type { Snapshot } from '../consul/snapshot.ts';
import type { Binding } from '../core/binding.ts';
import type { Plan } from '../core/change.ts';
import { type Derivation, derive } from '../core/desired.ts';
import { type FleetView, type GuardLimits, guardPlan, type Ruling } from '../core/guard.ts';
import { knownSettings } from '../core/known-settings.ts';
import { isOwned } from '../core/ownership.ts';
import { calculatePlan } from '../core/plan.ts';
import type { Release } from '../core/release.ts';
import type { CurrentTarget } from '../core/state.ts';
import type { UpstreamState } from '../kong/driver.ts';
import type { Doubt } from './doubts.ts';
import type { UpstreamMemory } from './memory.ts';

/** Everything one pass over one upstream looks at. */
export interface LineInput {
  readonly binding: Binding;
  readonly snapshot: Snapshot;
  readonly state: UpstreamState;
  readonly memory: UpstreamMemory;
  readonly tag: string;
  /** The Kong that is written to. */
  readonly release: Release | undefined;
  readonly inUse: boolean;
  readonly limits: GuardLimits;
  readonly policy: 'sync' | 'upsert_only';
  readonly force: boolean;
  readonly allAnswered: boolean;
  readonly doubt: Doubt | undefined;
  readonly fleet: FleetView;
  readonly nowMs: number;
}

/** What the line came to. */
export interface LineResult {
  readonly derivation: Derivation;
  readonly plan: Plan;
  readonly ruling: Ruling;
}

/** A confirming read speaks for as long as this. */
const CONFIRMED_FOR_MS = 5_000;

/** Desired, diff, plan and guard for one upstream; pure, the same for `run`, `reconcile` and `diff`. */
export function runLine(input: LineInput): LineResult {
  const { binding, snapshot, state, memory, tag, nowMs } = input;
  const derivation = derive(binding, snapshot.instances, snapshot.malformed.length);
  const known = knownSettings(derivation.desired.settings, input.release);
  const desired = { ...derivation.desired, settings: known.settings };
  const calculated = calculatePlan({ desired, ...state, tag, inUse: input.inUse });
  const plan = { ...calculated, notes: [...known.notes, ...calculated.notes] };
  const ruling = guardPlan(plan, {
    limits: input.limits,
    nowMs,
    counts: derivation.counts,
    keep: binding.options.onNoHealthy === 'keep',
    ownedTargets: ownedTargets(state, tag).length,
    desiredTargets: derivation.desired.targets.length,
    confirmed: memory.confirmed?.digest === snapshot.digest && nowMs - memory.confirmed.atMs < CONFIRMED_FOR_MS,
    allAnswered: input.allAnswered,
    doubt: input.doubt && { untilMs: input.doubt.untilMs, survivors: survivors(plan, state, input.doubt) },
    emptySinceMs: memory.emptySinceMs,
    heldSinceMs: memory.heldSinceMs,
    fleet: input.fleet,
    policy: input.policy,
    force: input.force,
  });
  return { derivation, plan, ruling };
}

/** How many targets with weight are left for certain when the plan is done. */
function survivors(plan: Plan, { current }: UpstreamState, { targetIds }: Doubt): number {
  const removed = new Set(plan.changes.flatMap((change) => (change.kind === 'remove-target' ? [change.target] : [])));
  const added = plan.changes.filter((change) => change.kind === 'add-target' && change.weight > 0);
  const left = current?.targets.filter(
    ({ id, target, weight }) => weight > 0 && !removed.has(target) && !targetIds.has(id),
  );
  return added.length + (left?.length ?? 0);
}

/** The targets of this upstream that carry our tag. */
export function ownedTargets(state: UpstreamState, tag: string): readonly CurrentTarget[] {
  const upstream = state.current ?? state.staged;
  return upstream?.targets.filter((target) => isOwned(target, tag)) ?? [];
}
