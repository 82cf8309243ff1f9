import { stringify } from 'yaml';
import type { Json, JsonObject } from '../../core/binding.ts';

/** The text of an item is asked for with every push, and an item is never changed. */
const written = new WeakMap<JsonObject, string>();

/** Items of a list in block style, each line with its indent. The same items give the same bytes. */
export function blockItems(items: readonly JsonObject[], indent: number): string {
  const pad = ' '.repeat(indent);
  return items.map((item) => (indent === 0 ? blockItem(item) : blockItem(item).replace(/^(?=.)/gm, pad))).join('');
}

/** Items of a list in flow style, without brackets: JSON, which is YAML too. */
export function flowItems(items: readonly Json[]): string {
  return items.map((item) => JSON.stringify(item)).join(',');
}

function blockItem(item: JsonObject): string {
  const known = written.get(item);
  if (known !== undefined) return known;
  // Kong reads YAML 1.1, where "yes" and "1_0" are no strings.
  const text = stringify([item], { lineWidth: 0, blockQuote: false, compat: 'yaml-1.1', aliasDuplicateObjects: false });
  written.set(item, text);
  return text;
}
