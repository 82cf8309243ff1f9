import type { JsonObject } from '../../sidecar/src/core/binding.ts';
import type { Change, Plan } from '../../sidecar/src/core/change.ts';
import { completeSettings, UPSTREAM_DEFAULTS } from '../../sidecar/src/core/settings.ts';
import type { CurrentTarget, CurrentUpstream } from '../../sidecar/src/core/state.ts';
import { TAG } from './builders.ts';

export interface Held {
  readonly current: CurrentUpstream | undefined;
  readonly staged: CurrentUpstream | undefined;
}

/** What Kong would hold after each change of a plan, in order: the model that the properties are checked against. */
export function applyPlan(plan: Plan, held: Held): readonly Held[] {
  const steps: Held[] = [];
  let now = held;
  for (const change of plan.changes) {
    now = applyChange(change, now);
    steps.push(now);
  }
  return steps;
}

function applyChange(change: Change, held: Held): Held {
  const base = held.current ?? held.staged;
  switch (change.kind) {
    case 'create-upstream': {
      const created = {
        name: String(change.body.name),
        id: 'new',
        tags: [TAG],
        settings: completeSettings(change.body),
        targets: [],
      };
      return change.staged ? { ...held, staged: created } : { ...held, current: created };
    }
    case 'update-upstream': {
      const tags = Array.isArray(change.patch.tags) ? change.patch.tags.map(String) : base?.tags;
      return replace(held, { settings: overlay(base?.settings ?? {}, change.patch), ...(tags && { tags }) });
    }
    case 'publish-upstream':
      return held.staged === undefined
        ? held
        : { current: { ...held.staged, name: change.upstream }, staged: undefined };
    case 'add-target':
      return replace(held, { targets: [...(base?.targets ?? []), target(change.target, change.weight, [TAG])] });
    case 'set-weight':
      return replace(held, { targets: reweighed(base, change.target, change.to) });
    case 'adopt-target':
      return replace(held, {
        targets: (base?.targets ?? []).map((one) =>
          one.target === change.target ? { ...one, weight: change.weight, tags: change.tags } : one,
        ),
      });
    case 'remove-target':
      return replace(held, { targets: (base?.targets ?? []).filter((one) => one.target !== change.target) });
    case 'delete-upstream':
      return held.staged?.name === change.at ? { ...held, staged: undefined } : { ...held, current: undefined };
    default:
      throw new Error('unexpected change');
  }
}

function replace(held: Held, fields: Partial<CurrentUpstream>): Held {
  if (held.current !== undefined) return { ...held, current: { ...held.current, ...fields } };
  if (held.staged !== undefined) return { ...held, staged: { ...held.staged, ...fields } };
  throw new Error('a change before its upstream is there');
}

function target(name: string, weight: number, tags: readonly string[]): CurrentTarget {
  return { target: name, weight, tags, id: `id-${name}` };
}

function reweighed(base: CurrentUpstream | undefined, name: string, weight: number): readonly CurrentTarget[] {
  return (base?.targets ?? []).map((one) => (one.target === name ? { ...one, weight } : one));
}

/** Kong's PATCH: records merge, lists are replaced. `hash_on` and `algorithm` set each other. */
function overlay(settings: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, JsonObject[string]> = { ...UPSTREAM_DEFAULTS, ...settings };
  for (const [key, value] of Object.entries(patch)) {
    const below = merged[key];
    merged[key] = isRecord(below) && isRecord(value) ? overlayRecord(below, value) : value;
  }
  if (patch.algorithm === 'least-connections') merged.hash_on = 'none';
  if (patch.hash_on !== undefined) merged.algorithm = patch.hash_on === 'none' ? 'round-robin' : 'consistent-hashing';
  return merged;
}

function overlayRecord(below: JsonObject, over: JsonObject): JsonObject {
  const merged: Record<string, JsonObject[string]> = { ...below };
  for (const [key, value] of Object.entries(over)) {
    const inner = merged[key];
    merged[key] = isRecord(inner) && isRecord(value) ? overlayRecord(inner, value) : value;
  }
  return merged;
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
