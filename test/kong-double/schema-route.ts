import { type AdminAnswer, NOT_ALLOWED } from './errors.ts';
import type { AdminRequest } from './request.ts';
import type { Entity, Field, Fields } from './schema.ts';
import type { Schemas } from './schemas.ts';
import { KINDS } from './tables.ts';

/** `GET /schemas/KIND` (`kong/api/routes/kong.lua`): where decK takes Kong's defaults from. */
export function schemaRoute({ fields }: Schemas, kindName: string | undefined, request: AdminRequest): AdminAnswer {
  if (request.method !== 'GET') return NOT_ALLOWED;
  const kind = KINDS.find((name) => name === kindName);
  if (kind === undefined) return { status: 404, body: { message: `No entity named '${String(kindName)}'` } };
  return { status: 200, body: { fields: listOf(fields[kind]) } };
}

function listOf(fields: Fields): readonly Entity[] {
  return Object.entries(fields).map(([name, field]) => ({ [name]: shownField(field) }));
}

function shownField({ type, fallback, required, fields, oneOf, between, item }: Field): Entity {
  return {
    type: type === 'auto' ? 'string' : type === 'reference' ? 'foreign' : type,
    ...(fallback !== undefined && { default: fallback }),
    ...(required !== undefined && { required }),
    ...(oneOf !== undefined && { one_of: oneOf }),
    ...(between !== undefined && { between }),
    ...(item !== undefined && { elements: shownField(item) }),
    ...(fields !== undefined && { required: true, fields: listOf(fields) }),
  };
}
