import { isOwned } from '../../core/ownership.ts';
import type { CurrentUpstream } from '../../core/state.ts';
import type { Base } from './base.ts';

/** Kong's upstreams by name; undefined stands for one that is gone. */
export type Known = ReadonlyMap<string, CurrentUpstream | undefined>;

/**
 * What Kong will hold once this base is loaded with what is ours.
 *
 * | in Kong              | in the base | then                                             |
 * | -------------------- | ----------- | ------------------------------------------------ |
 * | ours                 | no          | stays                                            |
 * | ours                 | yes         | the user's, with our targets: his entity counts  |
 * | ours, adopted now    | yes         | stays: it stands in for the user's               |
 * | the user's           | yes         | as the base has it, with our targets             |
 * | the user's           | no          | goes, and our targets with it                    |
 */
export function overlay(known: Known, base: Base, adopted: ReadonlySet<string>, tag: string): Known {
  const laid = new Map<string, CurrentUpstream | undefined>(base.upstreams);
  for (const [name, held] of known) {
    const theirs = base.upstreams.get(name);
    const isWhole = held !== undefined && isOwned(held, tag);
    if (isWhole && (theirs === undefined || adopted.has(name))) laid.set(name, held);
    else laid.set(name, theirs === undefined ? undefined : withTargets(theirs, held, tag));
  }
  return laid;
}

function withTargets(theirs: CurrentUpstream, held: CurrentUpstream | undefined, tag: string): CurrentUpstream {
  const known = new Set(theirs.targets.map(({ target }) => target));
  const ours = held?.targets.filter((target) => isOwned(target, tag) && !known.has(target.target)) ?? [];
  return ours.length === 0 ? theirs : { ...theirs, targets: [...theirs.targets, ...ours] };
}
