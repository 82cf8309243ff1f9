import { type AdminAnswer, invalidOffset, invalidSize } from './errors.ts';
import type { Entity } from './schema.ts';

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1000;

/** A page of a list. Lists at the top keep `tags` and `size` in `next`, nested ones drop them (recorded). */
export function page(items: readonly Entity[], path: string, query: URLSearchParams, nested: boolean): AdminAnswer {
  const size = Number(query.get('size') ?? DEFAULT_SIZE);
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) return invalidSize();
  const start = startOf(query.get('offset'), nested);
  if (start === undefined) return invalidOffset(query.get('offset') ?? '');
  const data = items.slice(start, start + size);
  if (start + size >= items.length) return { status: 200, body: { data, next: null } };
  const offset = nested ? String(start + size) : Buffer.from(JSON.stringify([start + size])).toString('base64');
  const tags = query.get('tags');
  const kept = [
    `offset=${encodeURIComponent(offset)}`,
    ...(nested || tags === null ? [] : [`tags=${encodeURIComponent(tags)}`]),
    ...(nested || query.get('size') === null ? [] : [`size=${size}`]),
  ];
  return { status: 200, body: { data, next: `${path}?${kept.join('&')}`, offset } };
}

/** `a,b` means both, `a/b` either. */
export function byTags(items: readonly Entity[], query: URLSearchParams): readonly Entity[] | AdminAnswer {
  const filter = query.get('tags');
  if (filter === null) return items;
  if (filter.includes(',') && filter.includes('/')) {
    const tags = 'invalid filter syntax';
    return {
      status: 400,
      body: { code: 11, name: 'invalid options', message: `invalid option (tags: ${tags})`, options: { tags } },
    };
  }
  const wanted = filter.split(/[,/]/);
  const has = (item: Entity, tag: string) => Array.isArray(item.tags) && item.tags.includes(tag);
  return items.filter((item) =>
    filter.includes('/') ? wanted.some((tag) => has(item, tag)) : wanted.every((tag) => has(item, tag)),
  );
}

function startOf(offset: string | null, nested: boolean): number | undefined {
  if (offset === null) return 0;
  if (nested) return /^\d+$/.test(offset) ? Number(offset) : undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(offset, 'base64').toString('utf8'));
    return Array.isArray(value) && Number.isInteger(value[0]) ? Number(value[0]) : undefined;
  } catch {
    return undefined;
  }
}
