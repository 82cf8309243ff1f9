import type { Json, JsonObject } from './binding.ts';
import { isBefore, type Release, releaseText } from './release.ts';

/** The settings that a Kong may be sent, and what was left out of them. */
export interface KnownSettings {
  readonly settings: JsonObject;
  /** One sentence for each thing that was asked for and is not known. */
  readonly notes: readonly string[];
}

/**
 * What came to Kong's upstreams after 2.8, with the release that brought it: `kong/db/schema/entities/upstreams.lua` of
 * the tags 2.8.5, 3.0.2, 3.1.1, 3.2.2, 3.3.1, 3.4.2 and 3.9.1, compared. An older Kong answers 400 to any of these.
 */
const FIELDS: readonly (readonly [path: string, since: Release])[] = [
  ['hash_on_query_arg', [3, 0]],
  ['hash_fallback_query_arg', [3, 0]],
  ['hash_on_uri_capture', [3, 0]],
  ['hash_fallback_uri_capture', [3, 0]],
  ['healthchecks.active.headers', [3, 0]],
  ['use_srv_name', [3, 1]],
];
const VALUES: readonly (readonly [path: string, value: string, since: Release])[] = [
  ...['hash_on', 'hash_fallback'].flatMap((path) =>
    ['path', 'query_arg', 'uri_capture'].map((value) => [path, value, [3, 0]] as const),
  ),
  ['algorithm', 'latency', [3, 2]],
];

/**
 * Leaves out what this release does not know. A `hash_on` that is not known takes everything that hashes with it, for
 * Kong refuses a fallback of nothing.
 */
export function knownSettings(settings: JsonObject, release: Release | undefined): KnownSettings {
  if (release === undefined) return { settings, notes: [] };
  const values = VALUES.filter(([path, value, since]) => isBefore(release, since) && settings[path] === value);
  const fields = FIELDS.filter(([path, since]) => isBefore(release, since) && has(settings, path.split('.')));
  const unhashed = values.some(([path]) => path === 'hash_on') ? Object.keys(settings).filter(isHashing) : [];
  const gone = [...unhashed, ...values.map(([path]) => path), ...fields.map(([path]) => path)];
  const said = [
    ...values.map(([path, value, since]) => [`${path} ${value}`, since] as const),
    ...fields.filter(([path]) => !unhashed.includes(path)),
  ];
  return {
    settings: gone.reduce((left, path) => without(left, path.split('.')), settings),
    notes: said.map(
      ([what, since]) =>
        `${what} is not sent: this Kong is ${releaseText(release)}, and it came with ${releaseText(since)}`,
    ),
  };
}

function isHashing(path: string): boolean {
  return path.startsWith('hash_');
}

function has(value: Json | undefined, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return value !== undefined;
  return isObject(value) && has(value[key], rest);
}

function without(settings: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject {
  const { [key]: below, ...others } = settings;
  if (rest.length === 0) return others;
  return isObject(below) ? { ...settings, [key]: without(below, rest) } : settings;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
