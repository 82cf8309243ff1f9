import { type Entity, type Field, type FieldErrors, type Fields, isRecord } from './schema.ts';

/** What is wrong with the fields given (`kong/db/schema/init.lua`). `complete`: those left out count too. */
export function validate(fields: Fields, given: Entity, complete: boolean): FieldErrors {
  const errors: FieldErrors = {};
  for (const [name, value] of Object.entries(given)) {
    const field = fields[name];
    const error = field === undefined ? 'unknown field' : fieldError(field, value);
    if (error !== undefined) errors[name] = error;
  }
  for (const [name, field] of Object.entries(fields)) {
    const value = complete ? (given[name] ?? null) : given[name];
    if (field.required === true && value === null) errors[name] = 'required field missing';
  }
  return errors;
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
    case 'array':
    case 'set':
      return listError(field, value);
    case 'record':
      return recordError(field, value);
    case 'map':
      return isRecord(value) ? undefined : 'expected a map';
    case 'reference':
    case 'auto':
      return undefined;
    default:
      return field.type satisfies never;
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

function listError({ type, item }: Field, value: unknown): unknown {
  // An empty Lua table is a list as well as a record.
  const list = isRecord(value) && Object.keys(value).length === 0 ? [] : value;
  if (!Array.isArray(list)) return type === 'set' ? 'expected a set' : 'expected an array';
  const errors = list.map((each) => (item === undefined ? undefined : fieldError(item, each)));
  return errors.some((error) => error !== undefined) ? errors : undefined;
}

function recordError(field: Field, value: unknown): unknown {
  if (!isRecord(value)) return 'expected a record';
  const errors = validate(field.fields ?? {}, value, false);
  return Object.keys(errors).length > 0 ? errors : undefined;
}
