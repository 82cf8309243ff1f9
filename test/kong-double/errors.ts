import { luaBlock, luaText } from './lua-text.ts';
import { type Entity, type FieldErrors, isRecord } from './schema.ts';

/** An answer of the Admin API. */
export interface AdminAnswer {
  readonly status: number;
  /** JSON, but a string is sent as HTML. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** For so long it is held back. */
  readonly afterMs?: number;
}

export const NOT_FOUND: AdminAnswer = { status: 404, body: { message: 'Not found' } };
export const NOT_ALLOWED: AdminAnswer = { status: 405, body: { message: 'Method not allowed' } };
export const UNEXPECTED: AdminAnswer = { status: 500, body: { message: 'An unexpected error occurred' } };
export const UNSUPPORTED_TYPE: AdminAnswer = { status: 415, body: { message: 'Unsupported media type' } };

/** Codes and names of `kong/db/errors.lua`, statuses of `kong/api/endpoints.lua`. */
export function schemaViolation(fields: FieldErrors): AdminAnswer {
  const texts = sentences(fields);
  const head = texts.length > 1 ? `${texts.length} schema violations` : 'schema violation';
  return refusal(400, { code: 2, name: 'schema violation', message: `${head} (${texts.join('; ')})`, fields });
}

export function noSuchReference(field: string, id: string, parent: string): AdminAnswer {
  const message = `the foreign key '${luaText({ id })}' does not reference an existing '${parent}' entity.`;
  return refusal(400, { code: 4, name: 'foreign key violation', message, fields: { [field]: { id } } });
}

export function unresolvedReference(field: string, name: string, parent: string): AdminAnswer {
  const error = `the foreign key cannot be resolved with '${luaText({ name })}' for an existing '${parent}' entity`;
  const message = `foreign key unresolved (${field}.name: ${error})`;
  return refusal(400, { code: 13, name: 'foreign keys unresolved', message, fields: { [field]: { name: error } } });
}

export function stillReferenced(parent: string, child: string): AdminAnswer {
  const message = `an existing '${child}' entity references this '${parent}' entity`;
  return refusal(400, { code: 4, name: 'foreign key violation', message, fields: { '@referenced_by': child } });
}

export function uniqueViolation(fields: FieldErrors): AdminAnswer {
  const message = `UNIQUE violation detected on '${luaText(fields)}'`;
  return refusal(409, { code: 5, name: 'unique constraint violation', message, fields });
}

export function notFoundEntity(fields: FieldErrors): AdminAnswer {
  const by = 'id' in fields ? 'primary key ' : '';
  const message = `could not find the entity with ${by}'${luaText(fields)}'`;
  return refusal(404, { code: 6, name: 'not found', message, fields });
}

export function invalidSize(message: string): AdminAnswer {
  return refusal(400, { code: 9, name: 'invalid size', message });
}

export function invalidOffset(offset: string): AdminAnswer {
  const message = `'${offset}' is not a valid offset: bad json encoding`;
  return refusal(400, { code: 7, name: 'invalid offset', message });
}

export function invalidTags(tags: string): AdminAnswer {
  const message = `invalid option (tags: ${tags})`;
  return refusal(400, { code: 11, name: 'invalid options', message, options: { tags } });
}

export function unsupported(what: string): AdminAnswer {
  const message = `cannot ${what} when not using a database`;
  return refusal(405, { code: 12, name: 'operation unsupported', message });
}

function refusal(status: number, body: Entity): AdminAnswer {
  return { status, body };
}

function sentences(fields: FieldErrors): readonly string[] {
  return Object.keys(fields)
    .sort()
    .flatMap((name) => {
      const error = fields[name];
      if (name === '@entity' && Array.isArray(error)) return error.map(String);
      if (typeof error === 'string') return [`${name}: ${error}`];
      if (Array.isArray(error))
        return error.flatMap((text, at) => (text === undefined ? [] : [`${name}.${at + 1}: ${luaBlock(text)}`]));
      if (!isRecord(error)) return [];
      return Object.keys(error)
        .sort()
        .map((inner) => `${name}.${inner}: ${luaBlock(error[inner])}`);
    });
}
