import type { Json, JsonObject } from '../../core/binding.ts';
import { compareText } from '../../core/order.ts';
import { completeSettings, UPSTREAM_DEFAULTS } from '../../core/settings.ts';
import type { CurrentTarget, CurrentUpstream } from '../../core/state.ts';

/** Kong's own bookkeeping, and what a declarative upstream has in its place elsewhere. */
const NOT_SETTINGS: ReadonlySet<string> = new Set(['id', 'name', 'tags', 'targets', 'created_at', 'updated_at']);
const DEFAULT_WEIGHT = 100;

/**
 * An upstream as an item of a declarative document: only what differs from Kong's defaults, keys and targets sorted, so
 * that the same upstream has the same bytes wherever it was read. Without ids: Kong makes them of the names, the same at
 * every load.
 */
export function upstreamItem({ name, tags, settings, targets }: CurrentUpstream): JsonObject {
  const given = withoutDefaults(settings, UPSTREAM_DEFAULTS);
  const fields = Object.entries(given).filter(([key]) => !NOT_SETTINGS.has(key));
  return {
    name,
    ...(tags.length > 0 && { tags }),
    ...Object.fromEntries(fields.sort(([a], [b]) => compareText(a, b))),
    ...(targets.length > 0 && { targets: sorted(targets).map(targetFields) }),
  };
}

/** Targets of ours in an upstream that is not: items of the list `targets`, which leave the upstream as it is written. */
export function guestItems(upstream: string, targets: readonly CurrentTarget[]): readonly JsonObject[] {
  return sorted(targets).map((target) => ({ upstream, ...targetFields(target) }));
}

/** An item of `upstreams` with its nested targets, or undefined for what Kong would not take as one. */
export function readUpstream(item: Json | undefined): CurrentUpstream | undefined {
  if (!isObject(item) || typeof item.name !== 'string') return undefined;
  const { name, targets } = item;
  const settings = Object.fromEntries(Object.entries(item).filter(([key]) => !NOT_SETTINGS.has(key)));
  const nested = Array.isArray(targets) ? targets.flatMap((target) => readTarget(name, target) ?? []) : [];
  return { name, id: name, tags: tagsOf(item), settings: completeSettings(settings), targets: nested };
}

/** An item of `targets`. */
export function readTarget(upstream: string, item: Json | undefined): CurrentTarget | undefined {
  if (!isObject(item) || typeof item.target !== 'string') return undefined;
  const weight = typeof item.weight === 'number' ? item.weight : DEFAULT_WEIGHT;
  return { target: item.target, weight, tags: tagsOf(item), id: `${upstream}/${item.target}` };
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tagsOf({ tags }: JsonObject): readonly string[] {
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}

function targetFields({ target, weight, tags }: CurrentTarget): JsonObject {
  return { target, weight, ...(tags.length > 0 && { tags }) };
}

function sorted(targets: readonly CurrentTarget[]): readonly CurrentTarget[] {
  return [...targets].sort((a, b) => compareText(a.target, b.target));
}

/** Kong fills them in again; null stands for a field that is not set. */
function withoutDefaults(settings: JsonObject, defaults: JsonObject): JsonObject {
  const kept = Object.entries(settings).flatMap(([key, value]): readonly (readonly [string, Json])[] => {
    const usual = defaults[key];
    if (isObject(value)) {
      const inner = withoutDefaults(value, isObject(usual) ? usual : {});
      return Object.keys(inner).length === 0 && isObject(usual) ? [] : [[key, inner]];
    }
    const isUsual = value === null || JSON.stringify(value) === JSON.stringify(usual);
    return isUsual ? [] : [[key, value]];
  });
  return Object.fromEntries(kept.sort(([a], [b]) => compareText(a, b)));
}
