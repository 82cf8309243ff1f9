import { hash } from 'node:crypto';
import { parseJson } from './answer.ts';
import type { KongClient, KongRequest } from './client.ts';
import { parsePage } from './entities.ts';
import { walkPages } from './paging.ts';

interface KnownPage<T> {
  /** Of its bytes. */
  readonly digest: string;
  readonly items: readonly T[];
  readonly offset: string | undefined;
}

interface KnownList<T> {
  readonly pages: readonly KnownPage<T>[];
  readonly items: readonly T[];
}

/**
 * Reads lists of one kind again and again. A page that comes byte for byte as before is not parsed again, and a list
 * of such pages is the same array as before: who compares it need not look into it.
 */
export class ListReader<T> {
  readonly #client: KongClient;
  readonly #parseItem: (item: unknown) => T;
  readonly #known = new Map<string, KnownList<T>>();

  constructor(client: KongClient, parseItem: (item: unknown) => T) {
    this.#client = client;
    this.#parseItem = parseItem;
  }

  /** A whole list, or an error: never a part of it. */
  async read(path: string, signal: AbortSignal): Promise<readonly T[]> {
    const before = this.#known.get(path);
    const pages = await walkPages(this.#client, path, (request, at) =>
      this.#readPage(request, before?.pages[at], signal),
    );
    if (before !== undefined && isSame(before.pages, pages)) return before.items;
    const items = pages.length === 1 && pages[0] !== undefined ? pages[0].items : pages.flatMap((page) => page.items);
    this.#known.set(path, { pages, items });
    return items;
  }

  /** Remembers no list but these. */
  forgetAllBut(paths: ReadonlySet<string>): void {
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path);
  }

  async #readPage(request: KongRequest, known: KnownPage<T> | undefined, signal: AbortSignal): Promise<KnownPage<T>> {
    let digest = '';
    const parseBody = (text: string) => {
      digest = hash('sha1', text, 'base64');
      return digest === known?.digest ? SAME : parseJson(text);
    };
    const answer = await this.#client.request({ ...request, parseBody }, signal);
    if (answer.body === SAME && known !== undefined) return known;
    const { data, offset } = parsePage(answer);
    return { digest, items: data.map(this.#parseItem), offset };
  }
}

/** Stands for a body that was not parsed, for it is the one before. */
const SAME = Symbol('same');

function isSame<T>(before: readonly KnownPage<T>[], now: readonly KnownPage<T>[]): boolean {
  return before.length === now.length && now.every((page, at) => page === before[at]);
}
