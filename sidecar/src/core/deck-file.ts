import type { Json, JsonObject } from './binding.ts';
import { knownSettings } from './known-settings.ts';
import { compareText } from './order.ts';
import { isOwned } from './ownership.ts';
import { isBefore, type Release } from './release.ts';
import type { CurrentTarget, CurrentUpstream } from './state.ts';

export interface DeckFileInput {
  readonly upstreams: readonly CurrentUpstream[];
  /** The owner tag. */
  readonly tag: string;
  readonly release: Release | undefined;
  readonly workspace?: string | undefined;
}

/** A state file of decK with all that is ours, and a sentence for each thing that could not be in it. */
export interface DeckFile {
  readonly document: JsonObject;
  readonly leftOut: readonly string[];
}

/** Kong's own, or said elsewhere in the file. */
const NOT_SETTINGS: ReadonlySet<string> = new Set(['id', 'name', 'tags', 'created_at', 'updated_at']);

/**
 * decK's format (its `file/kong_json_schema.json`): the entities that have every tag in `_info.select_tags` are what the
 * file speaks of, and those tags are not repeated on them. decK needs `_format_version` 3.0 for Kong from 3.0 on, and
 * 1.1 before. Same input, same bytes: sorted, without ids and times.
 */
export function toDeckFile({ upstreams, tag, release, workspace }: DeckFileInput): DeckFile {
  const ours = upstreams.filter((upstream) => isOwned(upstream, tag)).sort(byName);
  return {
    document: {
      _format_version: isBefore(release, [3, 0]) ? '1.1' : '3.0',
      ...(workspace !== undefined && { _workspace: workspace }),
      _info: { select_tags: [tag] },
      upstreams: ours.map((upstream) => upstreamIn(upstream, tag, release)),
    },
    leftOut: [...upstreams].sort(byName).flatMap((upstream) => leftOutOf(upstream, tag)),
  };
}

function upstreamIn(
  { name, tags, settings, targets }: CurrentUpstream,
  tag: string,
  release: Release | undefined,
): JsonObject {
  const ours = targets.filter((target) => isOwned(target, tag)).sort(byTarget);
  return {
    name,
    ...sorted(knownSettings(settings, release).settings),
    ...otherTags(tags, tag),
    targets: ours.map((target) => ({ target: target.target, weight: target.weight, ...otherTags(target.tags, tag) })),
  };
}

/** Without what is not set: decK leaves that out too. */
function sorted(settings: JsonObject): JsonObject {
  const keys = Object.keys(settings).filter((key) => !NOT_SETTINGS.has(key));
  return Object.fromEntries(
    keys.sort(compareText).flatMap((key): readonly [string, Json][] => {
      const value = settings[key] ?? null;
      // A decK from before Kong 3.1 refuses the key, and every later one takes it for false when it is not there.
      if (value === null || (key === 'use_srv_name' && value === false)) return [];
      return [[key, isObject(value) && key !== 'headers' ? sorted(value) : value]];
    }),
  );
}

function otherTags(tags: readonly string[], tag: string): JsonObject {
  const others = tags.filter((one) => one !== tag).sort(compareText);
  return others.length === 0 ? {} : { tags: others };
}

function leftOutOf(upstream: CurrentUpstream, tag: string): readonly string[] {
  const ours = upstream.targets.filter((target) => isOwned(target, tag)).length;
  const others = upstream.targets.length - ours;
  if (!isOwned(upstream, tag))
    return ours === 0 ? [] : [`${ours} targets of ours in ${upstream.name}: that upstream is not ours`];
  return others === 0 ? [] : [`${others} targets of ${upstream.name}: they are not ours`];
}

function byName(a: CurrentUpstream, b: CurrentUpstream): number {
  return compareText(a.name, b.name);
}

function byTarget(a: CurrentTarget, b: CurrentTarget): number {
  return compareText(a.target, b.target);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
