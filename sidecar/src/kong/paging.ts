import type { KongClient } from './client.ts';
import { parsePage } from './entities.ts';
import { NotKongError } from './errors.ts';

const PAGE_SIZE = 1000;
const MAX_PAGES = 100_000;

/**
 * A whole list, or an error: never a part of it. The offset alone is taken from Kong's answer, for its `next` drops
 * `size` and `tags` in nested lists (recorded).
 */
export async function readAll(
  client: KongClient,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  const passed = new Set<string>();
  let offset: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const position = offset === undefined ? {} : { offset };
    const answer = await client.request(
      { method: 'GET', path, query: { ...query, size: String(PAGE_SIZE), ...position } },
      signal,
    );
    const page = parsePage(answer);
    for (const item of page.data) items.push(item);
    if (page.offset === undefined) return items;
    if (passed.has(page.offset)) break;
    passed.add(page.offset);
    offset = page.offset;
  }
  throw new NotKongError(`GET ${path}`, client.displayUrl, 'its pages do not end');
}
