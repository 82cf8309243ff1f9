import { assertNever } from './assert-never.ts';
import type { Hold } from './guard.ts';

/** What ends a hold. */
export interface HoldEnd {
  /** `until …` something happens; for one that has a time the condition then: `if …`. */
  readonly ends: string;
  /** `kong-consul reconcile --force` ends it at once. */
  readonly force: boolean;
}

const RUNNING = 'a sidecar that runs (--sidecar asks it) has seen that for';

/** What ends a hold. One that has no time, and should, was found by a command: only what runs counts time. */
export function holdEnd({ reason, untilMs }: Pick<Hold, 'reason' | 'untilMs'>): HoldEnd {
  const isTimed = untilMs !== undefined;
  switch (reason) {
    case 'first_answers':
      return { ends: 'until each bound service has been read once', force: false };
    case 'writes_in_doubt':
      return { ends: 'if they are still there', force: false };
    case 'confirm':
      return { ends: 'until a second, consistent read agrees', force: false };
    case 'no_usable_instance':
      return { ends: 'until one of them can be a target', force: true };
    case 'empty_grace':
      return { ends: isTimed ? 'if Consul still knows none' : `until ${RUNNING} empty_grace_seconds`, force: true };
    case 'fleet_limit':
      return { ends: isTimed ? 'if Consul still says so' : `until ${RUNNING} hold_seconds`, force: true };
    case 'upsert_only':
      return { ends: 'until kong.policy is sync', force: false };
    default:
      return assertNever(reason);
  }
}
