import type { Change, Plan } from './change.ts';
import type { Counts } from './desired.ts';

/** How far the guard lets removals go. */
export interface GuardLimits {
  readonly emptyGraceMs: number;
  /** Percent (0 to 100) of all owned targets that may go within the window. */
  readonly maxRemovePercent: number;
  readonly holdMs: number;
  /** With fewer owned targets than this the fleet limit says nothing. */
  readonly fleetFloor: number;
}

/** All owned targets of this Kong, and what was taken or asked away lately. */
export interface FleetView {
  readonly ownedTargets: number;
  /** Removed within the window, by any upstream. */
  readonly removedRecently: number;
  /** What other upstreams ask to remove now, held or not. */
  readonly askedByOthers: number;
  /** Targets of other upstreams that nothing binds any more. */
  readonly leavingElsewhere: number;
}

/** What Kong may make of a plan while writes before it are in doubt. */
export interface WritesInDoubt {
  /** How many targets with weight are left when the plan is done, whatever Kong makes of the writes in doubt. */
  readonly survivors: number;
  readonly untilMs: number;
}

/** What the guard looks at besides the plan. Times are milliseconds of one clock. */
export interface GuardContext {
  readonly limits: GuardLimits;
  readonly nowMs: number;
  readonly counts: Counts;
  /** `on_no_healthy: keep`. */
  readonly keep: boolean;
  /** Our targets of this upstream now. */
  readonly ownedTargets: number;
  /** How many targets there should be. */
  readonly desiredTargets: number;
  /** The answer behind the plan was confirmed by a second, consistent read. */
  readonly confirmed: boolean;
  /** Each bound service has had its first trusted answer. */
  readonly allAnswered: boolean;
  /** Writes got no answer, and Kong may do them yet. */
  readonly doubt: WritesInDoubt | undefined;
  /** Since when Consul has known no instance of this service. */
  readonly emptySinceMs: number | undefined;
  /** Since when the fleet limit has been holding this upstream. */
  readonly heldSinceMs: number | undefined;
  readonly fleet: FleetView;
  readonly policy: 'sync' | 'upsert_only';
  readonly force: boolean;
}

export type HoldReason =
  | 'first_answers'
  | 'writes_in_doubt'
  | 'confirm'
  | 'no_usable_instance'
  | 'empty_grace'
  | 'fleet_limit'
  | 'upsert_only';

/** Changes that have to wait, and for what. */
export interface Hold {
  readonly reason: HoldReason;
  /** One sentence for people. */
  readonly why: string;
  readonly changes: readonly Change[];
  /** When to look again; undefined when only an event or a person can end it. */
  readonly untilMs: number | undefined;
}

/** What may be written now, and what may not and why. */
export interface Ruling {
  readonly allowed: readonly Change[];
  readonly hold: Hold | undefined;
}

/**
 * The one place that may refuse a removal. The first row that fits decides; what is no removal is always allowed.
 *
 * | the plan's removals                                       | ruling                                    |
 * | --------------------------------------------------------- | ----------------------------------------- |
 * | none                                                      | allowed                                   |
 * | `policy: upsert_only`                                     | held                                      |
 * | a bound service has not had its first trusted answer      | held (`first_answers`)                    |
 * | none would be left if Kong did yet what it never answered | held (`writes_in_doubt`) until that is over |
 * | fewer than half of the targets, over the fleet limit      | held `hold_seconds`, then allowed         |
 * | fewer than half of the targets                            | allowed                                   |
 * | half or more, not confirmed                               | held until a consistent read agrees       |
 * | all, instances registered, none usable, `keep`            | held (`no_usable_instance`)               |
 * | all, none registered                                      | held `empty_grace_seconds`, then allowed  |
 * | half or more, confirmed, over the fleet limit             | held `hold_seconds`, then allowed         |
 * | half or more, confirmed                                   | allowed                                   |
 *
 * `force` overrules all but the confirming read, the first answers and the doubt.
 */
export function guardPlan(plan: Plan, context: GuardContext): Ruling {
  const removals = plan.changes.filter(isTargetRemoval);
  const others = plan.changes.filter((change) => !isTargetRemoval(change));
  if (removals.length === 0) return { allowed: plan.changes, hold: undefined };

  const verdict = holdReason(plan, removals.length, context);
  if (verdict === undefined) return { allowed: plan.changes, hold: undefined };
  return { allowed: others, hold: { ...verdict, changes: removals } };
}

/** What the guard looks at when an upstream whose binding went away, and whose grace is over, would be deleted. */
export type DeletionContext = Pick<
  GuardContext,
  'limits' | 'nowMs' | 'ownedTargets' | 'heldSinceMs' | 'fleet' | 'policy' | 'force'
>;

/**
 * Deleting an upstream counts as removing each of its targets. One that leaves alone is somebody's decision and needs no
 * more than its grace; several at once may be a config that went wrong.
 */
export function guardDeletion(plan: Plan, context: DeletionContext): Ruling {
  const verdict = context.policy === 'upsert_only' ? upsertOnly() : massDeletion(plan, context);
  if (verdict === undefined) return { allowed: plan.changes, hold: undefined };
  return { allowed: [], hold: { ...verdict, changes: plan.changes } };
}

function massDeletion(plan: Plan, context: DeletionContext): Verdict | undefined {
  const { removedRecently, askedByOthers, leavingElsewhere } = context.fleet;
  if (removedRecently + askedByOthers + leavingElsewhere === 0) return undefined;
  return fleetLimit(plan, context.ownedTargets + leavingElsewhere, context);
}

type Verdict = Omit<Hold, 'changes'>;

function holdReason(plan: Plan, removed: number, context: GuardContext): Verdict | undefined {
  if (context.policy === 'upsert_only') return upsertOnly();
  if (!context.allAnswered) {
    return {
      reason: 'first_answers',
      why: 'a bound service has had no trusted answer from Consul yet',
      untilMs: undefined,
    };
  }
  const { doubt, desiredTargets } = context;
  if (doubt !== undefined && doubt.survivors === 0 && desiredTargets > 0) {
    const why = 'a removal before these got no answer, and Kong may yet do it: none would be left';
    return { reason: 'writes_in_doubt', why, untilMs: doubt.untilMs };
  }
  if (removed * 2 < context.ownedTargets) return fleetLimit(plan, removed, context);
  if (!context.confirmed) {
    const why = `${removed} of ${context.ownedTargets} targets would go: waiting for a consistent read to confirm it`;
    return { reason: 'confirm', why, untilMs: context.nowMs };
  }
  if (desiredTargets === 0) {
    const emptying = holdEmptying(context);
    if (emptying !== undefined) return emptying;
  }
  return fleetLimit(plan, removed, context);
}

function holdEmptying(context: GuardContext): Verdict | undefined {
  const { counts, limits, nowMs } = context;
  if (context.force) return undefined;
  if (counts.registered > counts.maintenance) {
    if (!context.keep) return undefined;
    return {
      reason: 'no_usable_instance',
      why: 'instances are registered, but none has an address Kong can use',
      untilMs: undefined,
    };
  }
  if (counts.registered > 0) return undefined;
  const untilMs = (context.emptySinceMs ?? nowMs) + limits.emptyGraceMs;
  if (nowMs >= untilMs) return undefined;
  return {
    reason: 'empty_grace',
    why: 'no instance is registered any more: targets stay for empty_grace_seconds',
    untilMs,
  };
}

function fleetLimit(plan: Plan, removed: number, context: DeletionContext): Verdict | undefined {
  const { fleet, limits, nowMs, force } = context;
  if (force) return undefined;
  const owned = fleet.ownedTargets + fleet.removedRecently + count(plan, 'add-target');
  const gone = fleet.removedRecently + fleet.askedByOthers + removed;
  if (owned < limits.fleetFloor || gone * 100 <= limits.maxRemovePercent * owned) return undefined;
  const untilMs = (context.heldSinceMs ?? nowMs) + limits.holdMs;
  if (nowMs >= untilMs) return undefined;
  const why = `${gone} of ${owned} targets of all upstreams would go at once, over max_remove_percent ${limits.maxRemovePercent}`;
  return { reason: 'fleet_limit', why, untilMs };
}

function upsertOnly(): Verdict {
  return { reason: 'upsert_only', why: 'kong.policy is upsert_only: nothing is removed', untilMs: undefined };
}

function isTargetRemoval(change: Change): boolean {
  return change.kind === 'remove-target';
}

function count(plan: Plan, kind: Change['kind']): number {
  return plan.changes.filter((change) => change.kind === kind).length;
}
