import { applyChange, type Held } from '../../sidecar/src/core/apply-changes.ts';
import type { Plan } from '../../sidecar/src/core/change.ts';
import { TAG } from './builders.ts';

export type { Held };

/** What Kong would hold after each change of a plan, in order: the model that the properties are checked against. */
export function applyPlan(plan: Plan, held: Held): readonly Held[] {
  const steps: Held[] = [];
  let now = held;
  for (const change of plan.changes) {
    now = applyChange(change, now, TAG);
    steps.push(now);
  }
  return steps;
}
