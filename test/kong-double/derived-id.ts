import { createHash, randomUUID } from 'node:crypto';
import type { Entity } from './schema.ts';

/** The namespace of `kong/db/schema/others/declarative_config.lua`. */
const ENTITIES = 'fd02801f-0957-4a15-a55a-c8d9606f30b5';
/** Of entities that are one by several fields: those fields, and which of them may be left out. */
const CACHE_KEYS: Readonly<Record<string, readonly string[]>> = {
  targets: ['upstream', 'target'],
  plugins: ['name', 'route', 'service', 'consumer'],
};
const REQUIRED = ['upstream', 'target', 'name'];

/** What an entity stands under in the document. */
export interface Above {
  /** The field that refers to it. */
  readonly field: string;
  readonly id: string;
}

/**
 * The id of an entity that has none (`get_key_for_uuid_gen`): made of its kind and what is unique about it, as it is
 * written, so that it is the same on every load; at random where nothing is unique.
 */
export function derivedId(kind: string, given: Entity, above: Above | undefined): string {
  const fields = CACHE_KEYS[kind];
  const key = fields === undefined ? given[kind === 'consumers' ? 'username' : 'name'] : cacheKey(kind, given, above);
  return typeof key === 'string' ? uuid5(uuid5(ENTITIES, kind), key) : randomUUID();
}

function cacheKey(kind: string, given: Entity, above: Above | undefined): string | undefined {
  const parts = [kind, '*'];
  for (const field of CACHE_KEYS[kind] ?? []) {
    const value = given[field];
    if (typeof value === 'string') parts.push(value);
    else if (value !== undefined) continue;
    else if (field === above?.field) parts.push(above.id);
    else if (REQUIRED.includes(field)) return undefined;
    else parts.push('');
  }
  return parts.join(':');
}

function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.subarray(0, 16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
