import { z } from 'zod';
import type { KongClient } from './client.ts';
import { parse } from './entities.ts';
import { readAll } from './paging.ts';
import { kongPath } from './path.ts';

const tagged = z.object({ entity_id: z.string(), entity_name: z.string() });

/** A Kong object that carries a tag: its kind (`services`) and id. */
export interface Tagged {
  readonly kind: string;
  readonly id: string;
}

/** Every object with this tag. @throws when any page could not be read */
export async function readTagged(client: KongClient, tag: string, signal: AbortSignal): Promise<readonly Tagged[]> {
  return (await readAll(client, taggedPath(tag), signal)).map(parseTagged);
}

export function taggedPath(tag: string): string {
  return kongPath('tags', tag);
}

export function parseTagged(value: unknown): Tagged {
  const { entity_id: id, entity_name: kind } = parse(tagged, value, 'a tagged object');
  return { kind, id };
}
