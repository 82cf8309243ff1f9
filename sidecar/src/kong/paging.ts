import type { KongClient, KongRequest } from './client.ts';
import { type Page, parsePage } from './entities.ts';
import { NotKongError } from './errors.ts';

const PAGE_SIZE = 1000;
const MAX_PAGES = 100_000;

/** A whole list, or an error: never a part of it. */
export async function readAll(client: KongClient, path: string, signal: AbortSignal): Promise<readonly unknown[]> {
  const pages = await walkPages(client, path, async (request) => parsePage(await client.request(request, signal)));
  return pages.length === 1 && pages[0] !== undefined ? pages[0].data : pages.flatMap((page) => page.data);
}

/**
 * Reads page after page until one names no further. The offset alone is taken from Kong's answer, for its `next` drops
 * `size` and `tags` in nested lists (recorded).
 */
export async function walkPages<P extends Pick<Page, 'offset'>>(
  client: KongClient,
  path: string,
  read: (request: KongRequest, at: number) => Promise<P>,
): Promise<readonly P[]> {
  const pages: P[] = [];
  const passed = new Set<string>();
  let offset: string | undefined;
  while (pages.length < MAX_PAGES) {
    const position = offset === undefined ? {} : { offset };
    const page = await read({ method: 'GET', path, query: { size: String(PAGE_SIZE), ...position } }, pages.length);
    pages.push(page);
    if (page.offset === undefined) return pages;
    if (passed.has(page.offset)) break;
    passed.add(page.offset);
    offset = page.offset;
  }
  throw new NotKongError(`GET ${path}`, client.displayUrl, 'its pages do not end');
}
