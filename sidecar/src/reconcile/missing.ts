import { isOwned } from '../core/ownership.ts';
import type { CurrentUpstream } from '../core/state.ts';
import type { UpstreamState } from '../kong/driver.ts';
import type { PassContext } from './pass.ts';

/** What came of a look at the list of all that is ours in Kong. */
export interface OwnedCheck {
  /** Upstreams of which something is not in Kong any more. */
  readonly missing: readonly string[];
  /** Upstreams that were being worked on meanwhile, or that this Kong has no list for. */
  readonly unsure: readonly string[];
}

type Owned = Pick<CurrentUpstream, 'id' | 'tags'>;

/** Compares what is known of all upstreams with one cheap list. */
export async function findMissing(
  { store, driver, tag }: Pick<PassContext, 'store' | 'driver' | 'tag'>,
  isBusy: (upstream: string) => boolean,
  signal: AbortSignal,
): Promise<OwnedCheck> {
  const known = [...store.names()].flatMap((name) => {
    const state = store.state(name);
    return state === undefined ? [] : [{ name, state, wasBusy: isBusy(name) }];
  });
  const ids = await driver.readOwnedIds(signal);
  const missing: string[] = [];
  const unsure: string[] = [];
  for (const { name, state, wasBusy } of known) {
    if (ids === undefined || wasBusy || store.state(name) !== state) unsure.push(name);
    else if (!areAllThere(state, tag, ids)) missing.push(name);
  }
  return { missing, unsure };
}

function areAllThere({ current, staged }: UpstreamState, tag: string, ids: ReadonlySet<string>): boolean {
  const isThere = (object: Owned) => !isOwned(object, tag) || ids.has(object.id);
  return [current, staged].every(
    (upstream) => upstream === undefined || (isThere(upstream) && upstream.targets.every(isThere)),
  );
}
