import { isOwned } from '../../core/ownership.ts';
import type { CurrentUpstream } from '../../core/state.ts';
import { type Base, mergeDocument, partDocument } from './base.ts';

/** Why a whole upstream of ours cannot stand in for the user's of the same name; undefined when it can, or need not. */
export function adoptionProblem(base: Base, upstream: CurrentUpstream, tag: string): string | undefined {
  const { name } = upstream;
  if (!base.upstreams.has(name) || !isOwned(upstream, tag)) return undefined;
  try {
    partDocument(mergeDocument(base, [upstream], tag), base.origin, tag);
    return undefined;
  } catch {
    return `upstream ${name} of ${base.origin} cannot be adopted: other parts of the file refer to an anchor in it`;
  }
}
