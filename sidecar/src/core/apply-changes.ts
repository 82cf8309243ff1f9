import { assertNever } from './assert-never.ts';
import type { JsonObject } from './binding.ts';
import type { Change } from './change.ts';
import { completeSettings, mergeSettings } from './settings.ts';
import type { CurrentTarget, CurrentUpstream } from './state.ts';

/** What is held for one bound upstream. */
export interface Held {
  readonly current: CurrentUpstream | undefined;
  readonly staged: CurrentUpstream | undefined;
}

/** What Kong would hold after a change; ids of what it would create are made up. */
export function applyChange(change: Change, held: Held, tag: string): Held {
  switch (change.kind) {
    case 'create-upstream':
      return change.staged
        ? { ...held, staged: created(change.body, tag) }
        : { ...held, current: created(change.body, tag) };
    case 'update-upstream':
      return onUpstream(held, (upstream) => updated(upstream, change.patch));
    case 'publish-upstream':
      if (held.staged === undefined) return held;
      return { current: { ...held.staged, name: change.upstream }, staged: undefined };
    case 'add-target': {
      const { target, weight } = change;
      const added = { target, weight, tags: [tag], id: `new-${target}` };
      return onTargets(held, (targets) => [...targets, added]);
    }
    case 'set-weight':
      return onTargets(held, (targets) => replaced(targets, change.target, { weight: change.to }));
    case 'adopt-target':
      return onTargets(held, (targets) =>
        replaced(targets, change.target, { weight: change.weight, tags: change.tags }),
      );
    case 'remove-target':
      return onTargets(held, (targets) => targets.filter(({ target }) => target !== change.target));
    case 'delete-upstream':
      return held.staged?.name === change.at ? { ...held, staged: undefined } : { ...held, current: undefined };
    default:
      return assertNever(change);
  }
}

function created(body: JsonObject, tag: string): CurrentUpstream {
  const name = String(body.name);
  return { name, id: `new-${name}`, tags: [tag], settings: completeSettings(body), targets: [] };
}

/** `hash_on` and `algorithm` set each other, as Kong's own shorthand has it. */
function updated(upstream: CurrentUpstream, patch: JsonObject): CurrentUpstream {
  const settings = mergeSettings(upstream.settings, patch);
  const hashing = patch.algorithm === 'least-connections' ? { hash_on: 'none' } : {};
  const algorithm = patch.hash_on === 'none' ? 'round-robin' : 'consistent-hashing';
  return {
    ...upstream,
    tags: Array.isArray(patch.tags) ? patch.tags.map(String) : upstream.tags,
    settings: { ...settings, ...hashing, ...(patch.hash_on !== undefined && { algorithm }) },
  };
}

function replaced(
  targets: readonly CurrentTarget[],
  name: string,
  fields: Partial<CurrentTarget>,
): readonly CurrentTarget[] {
  return targets.map((one) => (one.target === name ? { ...one, ...fields } : one));
}

function onTargets(held: Held, change: (targets: readonly CurrentTarget[]) => readonly CurrentTarget[]): Held {
  return onUpstream(held, (upstream) => ({ ...upstream, targets: change(upstream.targets) }));
}

/** The upstream under its own name, else the staged one. */
function onUpstream({ current, staged }: Held, change: (upstream: CurrentUpstream) => CurrentUpstream): Held {
  if (current !== undefined) return { current: change(current), staged };
  if (staged !== undefined) return { current, staged: change(staged) };
  throw new Error('a change before its upstream is there');
}
