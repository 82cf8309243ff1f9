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
  const items = await readAll(client, kongPath('tags', tag), {}, signal);
  return items.map((item) => {
    const { entity_id: id, entity_name: kind } = parse(tagged, item, 'a tagged object');
    return { kind, id };
  });
}
