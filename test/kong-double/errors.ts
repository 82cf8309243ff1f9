import { type FieldErrors, isRecord } from './schema.ts';

/** An answer of the Admin API. */
export interface AdminAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const NOT_FOUND: AdminAnswer = { status: 404, body: { message: 'Not found' } };
export const NOT_ALLOWED: AdminAnswer = { status: 405, body: { message: 'Method not allowed' } };

export function schemaViolation(fields: FieldErrors): AdminAnswer {
  const texts = sentences(fields);
  const head = texts.length > 1 ? `${texts.length} schema violations` : 'schema violation';
  return { status: 400, body: { code: 2, name: 'schema violation', message: `${head} (${texts.join('; ')})`, fields } };
}

export function uniqueViolation(fields: FieldErrors): AdminAnswer {
  const message = `UNIQUE violation detected on '${luaText(fields)}'`;
  return { status: 409, body: { code: 5, name: 'unique constraint violation', message, fields } };
}

export function notFoundEntity(fields: FieldErrors): AdminAnswer {
  const message = `could not find the entity with '${luaText(fields)}'`;
  return { status: 404, body: { code: 6, name: 'not found', message, fields } };
}

export function invalidSize(): AdminAnswer {
  return {
    status: 400,
    body: { code: 9, name: 'invalid size', message: 'size must be an integer between 1 and 1000' },
  };
}

export function invalidOffset(offset: string): AdminAnswer {
  return {
    status: 400,
    body: { code: 7, name: 'invalid offset', message: `'${offset}' is not a valid offset: bad json encoding` },
  };
}

export function unsupported(what: string): AdminAnswer {
  const message = `cannot ${what} entities when not using a database`;
  return { status: 405, body: { code: 12, name: 'operation unsupported', message } };
}

/** A value as Kong prints Lua tables in one line, keys sorted. */
export function luaText(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `"${value}"`;
  if (!isRecord(value)) return String(value);
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${key}=${luaText(value[key])}`);
  return `{${parts.join(',')}}`;
}

function sentences(fields: FieldErrors): readonly string[] {
  return Object.keys(fields)
    .sort()
    .flatMap((name) => {
      const error = fields[name];
      if (name === '@entity' && Array.isArray(error)) return error.map(String);
      if (typeof error === 'string') return [`${name}: ${error}`];
      if (Array.isArray(error))
        return error.flatMap((text, at) => (text === undefined ? [] : [`${name}.${at + 1}: ${text}`]));
      if (!isRecord(error)) return [];
      return Object.keys(error)
        .sort()
        .map(
          (inner) => `${name}.${inner}: ${typeof error[inner] === 'string' ? error[inner] : luaBlock(error[inner], 0)}`,
        );
    });
}

/** A nested Lua table over several lines. */
function luaBlock(value: unknown, depth: number): string {
  if (!isRecord(value)) return typeof value === 'string' ? `"${value}"` : String(value);
  const pad = '  '.repeat(depth + 1);
  const lines = Object.keys(value)
    .sort()
    .map((key) => `${pad}${key} = ${luaBlock(value[key], depth + 1)}`);
  return `{\n${lines.join(',\n')}\n${'  '.repeat(depth)}}`;
}
