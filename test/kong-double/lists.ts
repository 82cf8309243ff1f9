import { type AdminAnswer, invalidOffset, invalidSize, invalidTags, UNEXPECTED } from './errors.ts';
import { isSince, type Release, SINCE } from './release.ts';
import type { Kind, Tables } from './tables.ts';

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1000;

export interface ListRequest {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A page of what stands in the order of ids. Lists at the top keep `tags` and `size` in `next`, nested ones do not. */
export function pageOfIds<Item>(
  ids: readonly string[],
  itemOf: (id: string) => Item,
  { path, query }: ListRequest,
  kept: readonly ('tags' | 'size')[],
): AdminAnswer {
  const size = sizeIn(query);
  if (typeof size !== 'number') return size;
  const offset = query.get('offset');
  const first = offset === null ? '' : firstId(offset);
  if (first === undefined) return invalidOffset(offset ?? '');
  const start = lowerBound(ids, first);
  const data = ids.slice(start, start + size).map(itemOf);
  const following = ids[start + size];
  if (following === undefined) return { status: 200, body: { data, next: null } };
  const encoded = Buffer.from(JSON.stringify([following])).toString('base64url');
  const more = kept.flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [`&${name}=${encodeURIComponent(value)}`];
  });
  return { status: 200, body: { data, next: `${path}?offset=${encoded}${more.join('')}`, offset: encoded } };
}

/** A page by position: `next` is a plain number and drops `size` (recorded for targets and their health). */
export function pageByPosition<Item>(
  items: readonly Item[],
  { path, query }: ListRequest,
): { readonly data: readonly Item[]; readonly next: string | null; readonly offset?: string } | AdminAnswer {
  const size = sizeIn(query);
  if (typeof size !== 'number') return size;
  const offset = query.get('offset') ?? '0';
  if (!/^\d+$/.test(offset)) return UNEXPECTED;
  const start = Number(offset);
  const data = items.slice(start, start + size);
  if (start + size >= items.length) return { data, next: null };
  return { data, next: `${path}?offset=${start + size}`, offset: String(start + size) };
}

/** Ids of one kind, of all or of those that `?tags=` asks for: `a,b` means both, `a/b` either. */
export function idsByTags(
  tables: Tables,
  kind: Kind,
  query: URLSearchParams,
  release: Release,
): readonly string[] | AdminAnswer {
  const filter = query.get('tags');
  if (filter === null) return tables.ids(kind);
  if (filter === '') return isSince(release, SINCE.emptyTagsRefused) ? invalidTags('cannot be null') : UNEXPECTED;
  if (filter.includes(',') && filter.includes('/')) return invalidTags('invalid filter syntax');
  if (filter.includes('/')) {
    const either = new Set(filter.split('/').flatMap((tag) => tables.taggedIds(tag, kind)));
    return [...either].sort();
  }
  const [first = '', ...others] = filter.split(',').filter((tag) => tag !== '');
  const ids = tables.taggedIds(first, kind);
  if (others.length === 0) return ids;
  const hasAll = (id: string) => {
    const tags = tables.get(id)?.tags;
    return Array.isArray(tags) && others.every((tag) => tags.includes(tag));
  };
  return ids.filter(hasAll);
}

function sizeIn(query: URLSearchParams): number | AdminAnswer {
  const size = Number(query.get('size') ?? DEFAULT_SIZE);
  if (Number.isNaN(size)) return invalidSize('size must be a number');
  const isFine = Number.isInteger(size) && size >= 1 && size <= MAX_SIZE;
  return isFine ? size : invalidSize('size must be an integer between 1 and 1000');
}

function firstId(offset: string): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(offset, 'base64url').toString('utf8'));
    return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : undefined;
  } catch {
    return undefined;
  }
}

/** Where `id` stands, or would. */
function lowerBound(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] ?? '') < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
