import { type Entity, type Field, type Fields, isRecord } from './schema.ts';

/** `a.b=1`, `a[]=1` and `a[1]=1`; all values are texts. */
export function parseForm(text: string): Entity {
  const form: Entity = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.replace(/\[\d*\]$/, '.[]').split('.');
    put(form, path, value);
  }
  return form;
}

/** Texts as the types that the fields ask for (`infer_value` of `kong/api/arguments.lua`). */
export function inferTypes(fields: Fields, form: Entity): Entity {
  return Object.fromEntries(
    Object.entries(form).map(([name, value]) => {
      const field = fields[name];
      return [name, field === undefined ? value : inferred(field, value)];
    }),
  );
}

function inferred(field: Field, value: unknown): unknown {
  if (value === '') return null;
  switch (field.type) {
    case 'number':
    case 'integer':
      return Number.isNaN(Number(value)) ? value : Number(value);
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value;
    case 'array':
    case 'set': {
      const { item } = field;
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      return item === undefined ? list : list.map((each) => inferred(item, each));
    }
    case 'record':
      return isRecord(value) ? inferTypes(field.fields ?? {}, value) : value;
    default:
      return value;
  }
}

function put(into: Entity, [key = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const below = into[key];
  if (rest[0] === '[]') {
    into[key] = [...(Array.isArray(below) ? below : []), value];
    return;
  }
  const record: Entity = isRecord(below) ? below : {};
  into[key] = record;
  put(record, rest, value);
}
