import { isOwned, stagedUpstream, stagingName } from '../../core/ownership.ts';
import type { CurrentUpstream } from '../../core/state.ts';
import type { UpstreamState } from '../driver.ts';
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

/** All upstreams with something of ours, and those of the names given, by their bound names. */
export function statesOf(known: Known, names: ReadonlySet<string>, tag: string): ReadonlyMap<string, UpstreamState> {
  const held = [...known.keys()].map((name) => stagedUpstream(name) ?? name);
  const states = [...new Set([...held, ...names])].map((name) => [name, stateOf(known, name)] as const);
  const isOurs = ({ current, staged }: UpstreamState) => holdsOurs(current, tag) || holdsOurs(staged, tag);
  return new Map(states.filter(([name, state]) => names.has(name) || isOurs(state)));
}

export function stateOf(known: Known, name: string): UpstreamState {
  return { current: known.get(name), staged: known.get(stagingName(name)) };
}

/** A state under the names that its upstreams have in Kong. */
export function knownOf(name: string, { current, staged }: UpstreamState): Known {
  return new Map([
    [name, current],
    [stagingName(name), staged],
  ]);
}

/** The upstreams that are ours, or have targets of ours in them. */
export function oursOf(known: Known, tag: string): readonly CurrentUpstream[] {
  return [...known.values()].flatMap((upstream) =>
    upstream !== undefined && holdsOurs(upstream, tag) ? [upstream] : [],
  );
}

function holdsOurs(upstream: CurrentUpstream | undefined, tag: string): boolean {
  return upstream !== undefined && [upstream, ...upstream.targets].some((object) => isOwned(object, tag));
}

function withTargets(theirs: CurrentUpstream, held: CurrentUpstream | undefined, tag: string): CurrentUpstream {
  const known = new Set(theirs.targets.map(({ target }) => target));
  const ours = held?.targets.filter((target) => isOwned(target, tag) && !known.has(target.target)) ?? [];
  return ours.length === 0 ? theirs : { ...theirs, targets: [...theirs.targets, ...ours] };
}
