import type { Snapshot } from '../consul/snapshot.ts';
import { type Binding, queryKey } from '../core/binding.ts';
import type { Change } from '../core/change.ts';
import { derive } from '../core/desired.ts';
import { KongChangedError, OvertakenError } from '../kong/errors.ts';
import { NotLeaderError } from './leadership.ts';
import type { PassContext } from './pass.ts';

/**
 * Whether a removal that was planned from this binding and snapshot is wrong by now.
 *
 * | now                                     | overtaken |
 * | --------------------------------------- | --------- |
 * | the upstream is not bound any more      | yes       |
 * | the target is wanted                    | yes       |
 * | otherwise                               | no        |
 */
export function overtakenAfter(
  planned: Binding,
  snapshot: Snapshot,
  { store, snapshots }: Pick<PassContext, 'store' | 'snapshots'>,
): (change: Change) => boolean {
  let known = { binding: planned, digest: snapshot.digest, wanted: new Set<string>() };
  return (change) => {
    const standing = store.standing(planned.upstream);
    if (standing.kind !== 'bound') return true;
    const { binding } = standing;
    const latest = snapshots.state(queryKey(binding.query))?.snapshot;
    if (latest === undefined || change.kind !== 'remove-target') return false;
    if (binding !== known.binding || latest.digest !== known.digest) {
      const { desired } = derive(binding, latest.instances, latest.malformed.length);
      known = { binding, digest: latest.digest, wanted: new Set(desired.targets.map(({ target }) => target)) };
    }
    return known.wanted.has(change.target);
  };
}

/** Nothing went wrong: the plan was good when it was made, and has to be made anew. */
export function isOutdated(error: unknown): boolean {
  return error instanceof KongChangedError || error instanceof OvertakenError || error instanceof NotLeaderError;
}
