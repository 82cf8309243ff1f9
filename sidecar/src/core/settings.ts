import type { Json, JsonObject } from './binding.ts';
import type { FieldDifference } from './change.ts';

/**
 * A Kong upstream's settings when nobody gave any (recorded on Kong 3.9.1). They make a field that left the binding go
 * back to where it was, and a hand edit of any of them drift.
 */
export const UPSTREAM_DEFAULTS = {
  algorithm: 'round-robin',
  slots: 10_000,
  hash_on: 'none',
  hash_fallback: 'none',
  hash_on_header: null,
  hash_fallback_header: null,
  hash_on_cookie: null,
  hash_on_cookie_path: '/',
  hash_on_query_arg: null,
  hash_fallback_query_arg: null,
  hash_on_uri_capture: null,
  hash_fallback_uri_capture: null,
  host_header: null,
  client_certificate: null,
  use_srv_name: false,
  healthchecks: {
    threshold: 0,
    active: {
      type: 'http',
      timeout: 1,
      concurrency: 10,
      http_path: '/',
      https_sni: null,
      https_verify_certificate: true,
      headers: null,
      healthy: { interval: 0, successes: 0, http_statuses: [200, 302] },
      unhealthy: {
        interval: 0,
        tcp_failures: 0,
        timeouts: 0,
        http_failures: 0,
        http_statuses: [429, 404, 500, 501, 502, 503, 504, 505],
      },
    },
    passive: {
      type: 'http',
      healthy: {
        successes: 0,
        http_statuses: [200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308],
      },
      unhealthy: { tcp_failures: 0, timeouts: 0, http_failures: 0, http_statuses: [429, 500, 503] },
    },
  },
} as const satisfies JsonObject;

/** What must change on an upstream, as Kong's PATCH takes it. */
export interface SettingsDifference {
  readonly fields: readonly FieldDifference[];
  readonly patch: JsonObject;
}

/** The binding's settings over Kong's defaults; a `hash_on` decides the algorithm, as Kong's own shorthand does. */
export function completeSettings(settings: JsonObject): JsonObject {
  const complete = mergeSettings(UPSTREAM_DEFAULTS, settings);
  if (complete.hash_on === 'none' || settings.hash_on === undefined) return complete;
  return { ...complete, algorithm: 'consistent-hashing' };
}

/**
 * The fields that differ. A field this Kong does not have is left alone unless the binding asks for it, so that an
 * older Kong is not sent what it would refuse.
 */
export function diffSettings(settings: JsonObject, current: JsonObject): SettingsDifference {
  const fields = compare(completeSettings(settings), current, {
    given: settings,
    records: UPSTREAM_DEFAULTS,
    prefix: '',
  });
  return { fields, patch: withoutShorthandClash(toPatch(fields), current) };
}

interface Place {
  /** What the binding says here. */
  readonly given: JsonObject;
  /** Kong's records here, as in its defaults: only these are gone into. */
  readonly records: JsonObject;
  readonly prefix: string;
}

function compare(desired: JsonObject, current: JsonObject, place: Place): readonly FieldDifference[] {
  const { given, records, prefix } = place;
  return Object.keys(desired)
    .sort()
    .flatMap((key) => {
      const to = desired[key] ?? null;
      const from = current[key];
      const asked = given[key];
      if (from === undefined && asked === undefined) return [];
      const below = recordAt(records, key);
      if (below !== undefined && isObject(to) && isObject(from)) {
        return compare(to, from, { given: isObject(asked) ? asked : {}, records: below, prefix: `${prefix}${key}.` });
      }
      if (sameValue(to, from ?? null)) return [];
      return [{ path: `${prefix}${key}`, from: from ?? null, to }];
    });
}

/**
 * Kong's `hash_on` and `algorithm` set each other (`kong/db/schema/entities/upstreams.lua`, shorthand fields): sent
 * together the last one wins. So one of them goes, and what is still missing goes with the next plan.
 */
function withoutShorthandClash(patch: JsonObject, current: JsonObject): JsonObject {
  if (patch.hash_on === undefined || patch.algorithm === undefined) return patch;
  const { hash_on: hashOn, algorithm, ...others } = patch;
  if (algorithm === 'least-connections' && current.hash_on !== undefined) return { ...others, algorithm };
  return { ...others, hash_on: hashOn };
}

function toPatch(fields: readonly FieldDifference[]): JsonObject {
  let patch: JsonObject = {};
  for (const field of fields) patch = mergeSettings(patch, nest(field.path.split('.'), field.to));
  return patch;
}

function nest(path: readonly string[], value: Json): JsonObject {
  const [key = '', ...rest] = path;
  return { [key]: rest.length === 0 ? value : nest(rest, value) };
}

/**
 * Records merge; maps, such as a check's headers, lists and all else are replaced, as Kong's PATCH does it
 * (`kong/db/schema/init.lua`, `merge_values`).
 */
export function mergeSettings(base: JsonObject, over: JsonObject, records: JsonObject = UPSTREAM_DEFAULTS): JsonObject {
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    const record = recordAt(records, key);
    merged[key] =
      record !== undefined && isObject(below) && isObject(value) ? mergeSettings(below, value, record) : value;
  }
  return merged;
}

/** Kong's record of this name; undefined for any other field. */
function recordAt(records: JsonObject, key: string): JsonObject | undefined {
  const found = Object.hasOwn(records, key) ? records[key] : undefined;
  return isObject(found) ? found : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Status lists are sets to Kong: their order means nothing. */
function sameValue(a: Json, b: Json): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).sort().join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${entries.join(',')}}`;
}
