import type { Binding, BindingSource } from '../core/binding.ts';
import type { Plan } from '../core/change.ts';
import type { Counts } from '../core/desired.ts';
import type { Hold } from '../core/guard.ts';
import type { CurrentTarget } from '../core/state.ts';
import type { Verdict } from '../core/verdict.ts';

/**
 * | state    | meaning                                                          |
 * | -------- | ---------------------------------------------------------------- |
 * | in_sync  | Kong holds what it should                                        |
 * | pending  | changes are to be written                                        |
 * | held     | the guard holds removals                                         |
 * | waiting  | no trusted answer from Consul yet                                |
 * | error    | Kong refused or did not answer                                   |
 * | conflict | two bindings disagree: nothing is written                        |
 * | frozen   | the binding cannot be read: nothing is written                   |
 * | unbound  | nothing binds it any more: deleted when the grace is over        |
 */
export type ReportState = 'in_sync' | 'pending' | 'held' | 'waiting' | 'error' | 'conflict' | 'frozen' | 'unbound';

/** What the last pass over an upstream came to: what `status`, the API and the page show. */
export interface UpstreamReport {
  readonly upstream: string;
  readonly state: ReportState;
  readonly binding?: Binding;
  readonly sources: readonly BindingSource[];
  readonly plan?: Plan;
  readonly hold?: Hold;
  /** One sentence that says what is wrong. */
  readonly problem?: string;
  readonly notes: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly counts?: Counts;
  readonly targets: number;
  /** What Kong holds for it as far as we know, targets of others too. */
  readonly present: readonly CurrentTarget[];
  readonly malformed: number;
  /** ms since the epoch. */
  readonly lastAnswerMs?: number;
  readonly updatedMs: number;
  /** Of a fleet: what each Kong says of it. */
  readonly nodes?: readonly NodeReport[];
}

/** One Kong of a fleet, which holds the upstream for itself. */
export interface NodeReport {
  readonly node: string;
  readonly state: ReportState;
  readonly targets: number;
  readonly problem: string | null;
}
