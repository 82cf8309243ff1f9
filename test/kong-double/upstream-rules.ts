import type { Entity, FieldErrors } from './schema.ts';

type Rule = readonly [field: string, value: string, then: string, error: string];

const FALLBACKS = ['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture'] as const;
const REQUIRED = 'required field missing';
const ONLY_NONE = 'expected one of: none';

/** If the field has the value, then the other one is required. */
const NEEDS: readonly Rule[] = [
  ['hash_on', 'header', 'hash_on_header', REQUIRED],
  ['hash_fallback', 'header', 'hash_fallback_header', REQUIRED],
  ['hash_on', 'cookie', 'hash_on_cookie', REQUIRED],
  ['hash_fallback', 'cookie', 'hash_on_cookie', REQUIRED],
  ['hash_on', 'query_arg', 'hash_on_query_arg', REQUIRED],
  ['hash_fallback', 'query_arg', 'hash_fallback_query_arg', REQUIRED],
  ['hash_on', 'uri_capture', 'hash_on_uri_capture', REQUIRED],
  ['hash_fallback', 'uri_capture', 'hash_fallback_uri_capture', REQUIRED],
];

const DISTINCT = [
  ['hash_on_header', 'hash_fallback_header'],
  ['hash_on_query_arg', 'hash_fallback_query_arg'],
  ['hash_on_uri_capture', 'hash_fallback_uri_capture'],
] as const;

/** What only the whole upstream can be asked (`entity_checks` of `kong/db/schema/entities/upstreams.lua`). */
export function upstreamErrors(upstream: Entity): FieldErrors {
  const errors: FieldErrors = {};
  const whole: string[] = [];
  const fail = (field: string, then: string, error: string) => {
    errors[then] = error;
    whole.push(`failed conditional validation given value of field '${field}'`);
  };
  for (const [field, value, then, error] of NEEDS) {
    if (upstream[field] === value && (upstream[then] ?? null) === null) fail(field, then, error);
  }
  const fallback = String(upstream.hash_fallback);
  if (['none', 'cookie'].includes(String(upstream.hash_on)) && fallback !== 'none')
    fail('hash_on', 'hash_fallback', ONLY_NONE);
  if (['consumer', 'ip', 'path'].includes(String(upstream.hash_on)) && fallback === upstream.hash_on) {
    const others = FALLBACKS.filter((each) => each !== fallback);
    fail('hash_on', 'hash_fallback', `expected one of: ${others.join(', ')}`);
  }
  for (const [one, other] of DISTINCT) {
    const isSame = (upstream[one] ?? null) !== null && upstream[one] === upstream[other];
    if (isSame) whole.push(`values of these fields must be distinct: '${one}', '${other}'`);
  }
  return whole.length === 0 ? errors : { ...errors, '@entity': whole };
}

/**
 * `algorithm` and `hash_on` rewrite each other (`shorthand_fields`, same file), in this order:
 *
 * | given                                   | becomes                                     |
 * | --------------------------------------- | ------------------------------------------- |
 * | `algorithm` least-connections, latency  | `hash_on` none, whatever was given          |
 * | `hash_on` null                          | `hash_on` none                              |
 * | `hash_on` none                          | `algorithm` round-robin, even if given      |
 * | `hash_on` anything else                 | `algorithm` consistent-hashing, even if given |
 */
export function withHashShorthands(given: Entity): Entity {
  const isUnhashed = given.algorithm === 'least-connections' || given.algorithm === 'latency';
  const hashOn = isUnhashed ? null : given.hash_on;
  if (hashOn === undefined) return given;
  if (hashOn === null) return { ...given, hash_on: 'none' };
  return { ...given, algorithm: hashOn === 'none' ? 'round-robin' : 'consistent-hashing' };
}
