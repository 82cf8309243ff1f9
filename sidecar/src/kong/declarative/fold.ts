import { assertNever } from '../../core/assert-never.ts';
import type { Json, JsonObject } from '../../core/binding.ts';
import type { Change } from '../../core/change.ts';
import { completeSettings, mergeSettings } from '../../core/settings.ts';
import type { CurrentTarget, CurrentUpstream } from '../../core/state.ts';
import { KongChangedError } from '../errors.ts';
import { isObject } from './item.ts';

/** What Kong holds of one bound upstream, as far as changes go. */
interface Held {
  readonly current: CurrentUpstream | undefined;
  readonly staged: CurrentUpstream | undefined;
}

/**
 * What Kong holds once all changes are made. Nothing is filled first under a staging name: a document replaces another
 * at once. @throws KongChangedError when a change does not fit what is held
 */
export function foldChanges(held: Held, changes: readonly Change[], tag: string): Held {
  return changes.reduce((state, change) => fold(state, change, tag), held);
}

function fold(held: Held, change: Change, tag: string): Held {
  switch (change.kind) {
    case 'create-upstream':
      return { ...held, current: created(change.upstream, change.body) };
    case 'update-upstream':
      return withBase(held, change.upstream, (base) => patched(base, change.patch));
    case 'publish-upstream': {
      const base = baseOf(held, change.upstream);
      return { current: { ...base, name: change.upstream, id: change.upstream }, staged: undefined };
    }
    case 'add-target': {
      const { target, weight } = change;
      const added = { target, weight, tags: [tag], id: `${change.upstream}/${target}` };
      return withBase(held, change.upstream, (base) => ({ ...base, targets: [...without(base, target), added] }));
    }
    case 'set-weight':
      return withTarget(held, change, (target) => ({ ...target, weight: change.to }));
    case 'adopt-target':
      return withTarget(held, change, (target) => ({ ...target, weight: change.weight, tags: change.tags }));
    case 'remove-target':
      return withBase(held, change.upstream, (base) => ({ ...base, targets: without(base, change.target) }));
    case 'delete-upstream':
      if (held.current?.name === change.at) return { ...held, current: undefined };
      if (held.staged?.name === change.at) return { ...held, staged: undefined };
      throw new KongChangedError(`upstream ${change.at} is gone already`);
    default:
      return assertNever(change);
  }
}

/** The body may name the staging name; that is not needed here. */
function created(name: string, body: JsonObject): CurrentUpstream {
  const { name: _, tags, ...settings } = body;
  const list: readonly Json[] = Array.isArray(tags) ? tags : [];
  return {
    name,
    id: name,
    tags: list.filter((tag) => typeof tag === 'string'),
    settings: completeSettings(settings),
    targets: [],
  };
}

function patched(base: CurrentUpstream, patch: JsonObject): CurrentUpstream {
  const { tags, ...settings } = patch;
  const list = Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : base.tags;
  return { ...base, tags: list, settings: mergeSettings(base.settings, isObject(settings) ? settings : {}) };
}

function baseOf(held: Held, name: string): CurrentUpstream {
  const base = held.current ?? held.staged;
  if (base === undefined) throw new KongChangedError(`upstream ${name} is not there`);
  return base;
}

function withBase(held: Held, name: string, change: (base: CurrentUpstream) => CurrentUpstream): Held {
  const changed = change(baseOf(held, name));
  return held.current === undefined ? { ...held, staged: changed } : { ...held, current: changed };
}

function withTarget(
  held: Held,
  { upstream, target }: { readonly upstream: string; readonly target: string },
  change: (target: CurrentTarget) => CurrentTarget,
): Held {
  return withBase(held, upstream, (base) => {
    if (!base.targets.some((each) => each.target === target))
      throw new KongChangedError(`target ${target} of ${upstream} is not there`);
    return { ...base, targets: base.targets.map((each) => (each.target === target ? change(each) : each)) };
  });
}

function without({ targets }: CurrentUpstream, target: string): readonly CurrentTarget[] {
  return targets.filter((each) => each.target !== target);
}
