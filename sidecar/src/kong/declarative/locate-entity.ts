import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Base } from './base.ts';
import { describeEntity, type RefusedEntity } from './refusal.ts';

const NAME_KEYS: ReadonlySet<string> = new Set(['name', 'username', 'target', 'prefix', 'id', 'key']);

/** A document may have thousands of them. */
const MAX_TOLD = 5;

/** What is wrong with each, the first of them; empty for none. */
export function entitiesWords(entities: readonly RefusedEntity[], base: Base | undefined): string {
  const told = entities.slice(0, MAX_TOLD).map((entity) => entityWords(entity, base));
  const more = entities.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** `service "web" (kong.yml:12): host: required field missing`; without the place when it cannot be told. */
export function entityWords(entity: RefusedEntity, base: Base | undefined): string {
  const line = base === undefined ? undefined : lineOf(entity, base.text);
  const place = line === undefined || base === undefined ? '' : ` (${base.origin}:${line})`;
  return describeEntity(entity, place);
}

/** The first entity of that kind and name. Read anew: it happens only when something is wrong. */
function lineOf({ type, name }: RefusedEntity, text: string): number | undefined {
  if (name === undefined) return undefined;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, merge: true });
  let offset: number | undefined;
  visit(document, {
    Pair(_key, { key, value }) {
      if (!isScalar(key) || key.value !== `${type}s` || !isSeq(value)) return undefined;
      const item = value.items.find(
        (each) =>
          isMap(each) &&
          each.items.some(
            (pair) => isScalar(pair.key) && NAME_KEYS.has(String(pair.key.value)) && isNamed(pair.value, name),
          ),
      );
      if (!isMap(item)) return undefined;
      offset = item.range?.[0];
      return visit.BREAK;
    },
  });
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

function isNamed(value: unknown, name: string): boolean {
  return isScalar(value) && value.value === name;
}
