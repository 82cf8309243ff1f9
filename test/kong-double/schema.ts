/** One field of a Kong entity: what it takes and what it is when nobody gives it. */
export interface Field {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'record' | 'map' | 'reference';
  readonly between?: readonly [number, number];
  readonly oneOf?: readonly string[];
  readonly required?: boolean;
  readonly fallback?: unknown;
  readonly fields?: Readonly<Record<string, Field>>;
  /** An error text, or undefined when the value is fine. */
  readonly check?: (value: string) => string | undefined;
}

export type Entity = Record<string, unknown>;
/** Errors by field, nested as the entity is; lists by position. */
export type FieldErrors = Record<string, unknown>;

/** Defaults filled in, as Kong's `process_auto_fields` does; a given record is completed. */
export function fillIn(fields: Readonly<Record<string, Field>>, given: Entity): Entity {
  const filled: Entity = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name];
    if (field.type === 'record' && field.fields !== undefined)
      filled[name] = fillIn(field.fields, isRecord(value) ? value : {});
    else filled[name] = value ?? structuredClone(field.fallback ?? null);
  }
  return filled;
}

/** Records merge, lists are replaced (recorded). */
export function mergeEntity(base: Entity, patch: Entity): Entity {
  const merged: Entity = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const below = merged[key];
    merged[key] = isRecord(below) && isRecord(value) ? mergeEntity(below, value) : value;
  }
  return merged;
}

/** What is wrong with the fields given. */
export function validate(fields: Readonly<Record<string, Field>>, given: Entity, complete: boolean): FieldErrors {
  const errors: FieldErrors = {};
  for (const [name, value] of Object.entries(given)) {
    const field = fields[name];
    const error = field === undefined ? 'unknown field' : fieldError(field, value);
    if (error !== undefined) errors[name] = error;
  }
  for (const [name, field] of Object.entries(fields)) {
    if (complete && field.required === true && (given[name] ?? null) === null) errors[name] = 'required field missing';
  }
  return errors;
}

export function isRecord(value: unknown): value is Entity {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldError(field: Field, value: unknown): unknown {
  if (value === null) return undefined;
  switch (field.type) {
    case 'integer':
      return Number.isInteger(value) ? rangeError(field, Number(value)) : 'expected an integer';
    case 'number':
      return typeof value === 'number' ? rangeError(field, value) : 'expected a number';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'expected a boolean';
    case 'string':
      return typeof value === 'string' ? textError(field, value) : 'expected a string';
    case 'list':
      return listError(field, value);
    case 'record':
      return recordError(field, value);
    default:
      return undefined;
  }
}

function rangeError({ between }: Field, value: number): string | undefined {
  if (between === undefined || (value >= between[0] && value <= between[1])) return undefined;
  return `value should be between ${between[0]} and ${between[1]}`;
}

function textError(field: Field, value: string): string | undefined {
  if (field.oneOf !== undefined && !field.oneOf.includes(value)) return `expected one of: ${field.oneOf.join(', ')}`;
  return field.check?.(value);
}

function listError(field: Field, value: unknown): unknown {
  if (!Array.isArray(value)) return 'expected a set';
  const errors = value.map((item) => (typeof item === 'string' ? field.check?.(item) : undefined));
  return errors.some((error) => error !== undefined) ? errors : undefined;
}

function recordError(field: Field, value: unknown): unknown {
  if (!isRecord(value)) return 'expected a record';
  const errors = validate(field.fields ?? {}, value, false);
  return Object.keys(errors).length > 0 ? errors : undefined;
}
