import { isSince, type Release, type Since } from './release.ts';

/** One field of a Kong entity: what it takes and what it is when nobody gives it. */
export interface Field {
  readonly type:
    | 'string'
    | 'integer'
    | 'number'
    | 'boolean'
    | 'array'
    | 'set'
    | 'record'
    | 'map'
    | 'reference'
    /** Given by Kong itself unless the client does. */
    | 'auto';
  readonly between?: readonly [number, number];
  readonly oneOf?: readonly string[];
  readonly required?: boolean;
  readonly fallback?: unknown;
  readonly fields?: Fields;
  /** Of an array's or a set's elements. */
  readonly item?: Field;
  /** An error text, or undefined when the value is fine. */
  readonly check?: (value: string) => string | undefined;
  readonly since?: Since;
  /** Of the values in `oneOf` that came later. */
  readonly valueSince?: Readonly<Record<string, Since>>;
}

export type Fields = Readonly<Record<string, Field>>;
export type Entity = Record<string, unknown>;
/** Errors by field, nested as the entity is; lists by position. */
export type FieldErrors = Record<string, unknown>;

/** The fields as one release has them. */
export function fieldsAt(fields: Fields, release: Release): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, field]) => isSince(release, field.since))
      .map(([name, field]) => [name, fieldAt(field, release)]),
  );
}

/** Defaults filled in, as Kong's `process_auto_fields` does; a given record is completed. */
export function fillIn(fields: Fields, given: Entity): Entity {
  const filled: Entity = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name];
    if (field.type === 'auto') continue;
    if (field.type === 'record' && field.fields !== undefined)
      filled[name] = fillIn(field.fields, isRecord(value) ? value : {});
    else if (field.type === 'set' && Array.isArray(value)) filled[name] = [...new Set(value)];
    else filled[name] = value ?? field.fallback ?? null;
  }
  return filled;
}

/** Fields that are maps: `merge_values` of Kong's `kong/db/schema/init.lua` replaces them whole. */
const MAPS = new Set(['headers']);

/** Records merge, lists are replaced (recorded). */
export function mergeEntity(base: Entity, patch: Entity): Entity {
  const merged: Entity = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const below = merged[key];
    merged[key] = !MAPS.has(key) && isRecord(below) && isRecord(value) ? mergeEntity(below, value) : value;
  }
  return merged;
}

export function isRecord(value: unknown): value is Entity {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldAt(field: Field, release: Release): Field {
  const { fields, oneOf, valueSince } = field;
  return {
    ...field,
    ...(fields !== undefined && { fields: fieldsAt(fields, release) }),
    ...(oneOf !== undefined && { oneOf: oneOf.filter((value) => isSince(release, valueSince?.[value])) }),
  };
}
