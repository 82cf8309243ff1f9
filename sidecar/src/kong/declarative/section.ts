import {
  type Alias,
  type Document,
  isAlias,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Json, JsonObject } from '../../core/binding.ts';

/** From one offset of a text up to another. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** One of the lists at the top of a declarative document, as offsets: its items, and where more of them may be put. */
export type Section =
  | {
      readonly kind: 'block';
      /** Start of a line. */
      readonly at: number;
      readonly indent: number;
      /** Of items when none of those that are there stays: as under a key without a value. */
      readonly keyIndent: number;
      /** Whole lines. */
      readonly items: readonly Range[];
      /** The line of the key, when it is one that we added. */
      readonly ownKey: Range | undefined;
    }
  | {
      readonly kind: 'flow';
      /** Between the brackets. */
      readonly inner: Range;
      /** Each with the comma behind it. */
      readonly items: readonly Range[];
      /** The key with its list and its comma, when it is one that we added. */
      readonly ownKey: Range | undefined;
    }
  | { readonly kind: 'absent'; readonly at: number; readonly indent: number }
  | { readonly kind: 'absent-in-flow'; readonly at: number; readonly isOnly: boolean }
  | {
      /** A key without a value, or with null. */
      readonly kind: 'nothing';
      /** The null, which goes; empty when there is none. */
      readonly place: Range;
      /** Behind the line of the key; undefined in flow style, where the list takes the null's place. */
      readonly at: number | undefined;
      readonly indent: number;
    }
  | { readonly kind: 'elsewhere'; readonly alias: Range; readonly items: readonly Json[] };

type ListPair = Pair<ParsedNode, ParsedNode | null>;

/** Marks a key that was not there, so that it goes when all that we put under it is gone. */
export const OWN_LINE = ' # kong-consul';
export const OWN_COLON = ' :';

/** Where a list stands. @throws Error when there is something else than a list */
export function locateSection(
  name: string,
  text: string,
  document: Document.Parsed,
  root: YAMLMap.Parsed,
  data: JsonObject,
): Section {
  const pair = root.items.find((item) => isScalar(item.key) && item.key.value === name);
  if (pair === undefined) {
    if (data[name] !== undefined) throw new Error(`"${name}" comes from a merge key: write it out`);
    return absent(text, root);
  }
  const { value } = pair;
  if (isSeq(value) && isReferredTo(value, document))
    throw new Error(`"${name}" is used again by an alias, where ours would be too: write it out`);
  if (isSeq(value)) return value.flow === true ? flow(text, pair, value, root) : block(text, pair, value);
  if (value === null || (isScalar(value) && value.value === null)) return nothing(text, pair, root);
  const items = data[name];
  if (isAlias(value) && isSeq(value.resolve(document)) && Array.isArray(items))
    return { kind: 'elsewhere', alias: rangeOf(value), items };
  throw new Error(`"${name}" is no list`);
}

function isReferredTo({ anchor }: ParsedNode, document: Document.Parsed): boolean {
  let isFound = false;
  if (anchor !== undefined)
    visit(document, {
      Alias(_key, { source }) {
        isFound = source === anchor;
        return isFound ? visit.BREAK : undefined;
      },
    });
  return isFound;
}

/** A new key goes below the line of `_format_version`, else above the first key: nothing can be torn apart there. */
function absent(text: string, root: YAMLMap.Parsed): Section {
  if (root.flow === true) {
    return { kind: 'absent-in-flow', at: root.range[0] + 1, isOnly: root.items.length === 0 };
  }
  const [first] = root.items;
  if (first === undefined || !isScalar(first.key)) throw new Error('its first key cannot be found');
  const at = lineStart(text, first.key.range[0]);
  const indent = first.key.range[0] - at;
  const isPlain = /^_format_version: *(?:"[\d.]+"|'[\d.]+'|[\d.]+) *(?:#.*)?$/;
  const end = text.indexOf('\n', at);
  const isBelow = end !== -1 && isPlain.test(text.slice(at + indent, end).replace(/\r$/, ''));
  if (isBelow) return { kind: 'absent', at: end + 1, indent };
  // "--- key: value" and "!!map key: value" have more on the line than the key.
  if (text.slice(at, at + indent).trim() !== '') throw new Error('its first key does not start a line');
  return { kind: 'absent', at, indent };
}

function nothing(text: string, { key, value }: ListPair, root: YAMLMap.Parsed): Section {
  if (!isScalar(key)) throw new Error('a key is no text');
  const place = isScalar(value) && value.source ? rangeOf(value) : emptyPlace(text, key);
  if (root.flow === true) return { kind: 'nothing', place, at: undefined, indent: 0 };
  return { kind: 'nothing', place, at: lineEnd(text, place.end), indent: keyColumn(text, key) };
}

/** Right behind the colon. */
function emptyPlace(text: string, key: ParsedNode): Range {
  const keyEnd = key.range[1];
  const colon = text.indexOf(':', keyEnd) + 1;
  if (colon === 0 || text.slice(keyEnd, colon - 1).trim() !== '') throw new Error('a key has no value');
  return { start: colon, end: colon };
}

function block(text: string, { key }: ListPair, value: ParsedNode): Section {
  const token = value.srcToken;
  if (!isScalar(key) || token?.type !== 'block-seq' || !isSeq<ParsedNode>(value))
    throw new Error('a list cannot be read');
  const items = value.items.map((item, at) => {
    const dash = token.items[at]?.start.find(({ type }) => type === 'seq-item-ind');
    if (dash === undefined) throw new Error('a list cannot be read');
    const start = lineStart(text, dash.offset);
    if (text.slice(start, dash.offset).trim() !== '') throw new Error('an item does not start a line');
    return { start, end: lineEnd(text, Math.max(item.range[1], dash.offset + 1)) };
  });
  const first = items[0]?.start ?? 0;
  const keyLine = { start: lineStart(text, key.range?.[0] ?? 0), end: lineEnd(text, key.range?.[1] ?? 0) };
  const isOwn = text.slice(keyLine.start, keyLine.end).trimEnd().endsWith(`:${OWN_LINE}`);
  const isRightBelow = /^(?:[ \t]*(?:#.*)?\r?\n)*$/.test(text.slice(keyLine.end, first));
  return {
    kind: 'block',
    at: isRightBelow ? keyLine.end : first,
    indent: token.indent,
    keyIndent: keyColumn(text, key),
    items,
    ownKey: isOwn ? keyLine : undefined,
  };
}

function flow(text: string, { key }: ListPair, value: ParsedNode, root: YAMLMap.Parsed): Section {
  const token = value.srcToken;
  if (!isScalar(key) || token?.type !== 'flow-collection') throw new Error('a list cannot be read');
  const close = token.end.find(({ type }) => type === 'flow-seq-end');
  if (close === undefined) throw new Error('a list cannot be read');
  const commas = token.items.flatMap(({ start }) => start.filter(({ type }) => type === 'comma'));
  const inner = { start: token.start.offset + 1, end: close.offset };
  const starts = [inner.start, ...commas.map(({ offset }) => offset + 1)];
  const items = starts.map((start, at) => ({ start, end: starts[at + 1] ?? inner.end }));
  const count = isSeq(value) ? value.items.length : 0;
  const keyStart = key.range?.[0] ?? 0;
  const isOwn = root.flow === true && text.startsWith(`${OWN_COLON}[`, key.range?.[1] ?? 0);
  const after = /^\s*,[ ]?/.exec(text.slice(inner.end + 1))?.[0].length ?? 0;
  return {
    kind: 'flow',
    inner,
    items: items.slice(0, count),
    ownKey: isOwn ? { start: keyStart, end: inner.end + 1 + after } : undefined,
  };
}

function keyColumn(text: string, key: ParsedNode): number {
  return key.range[0] - lineStart(text, key.range[0]);
}

function rangeOf(node: ParsedNode | Alias): Range {
  const [start = 0, end = 0] = node.range ?? [];
  return { start, end };
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Just behind the line break. An end right behind a line break is the end of the line before. */
function lineEnd(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end + 1;
}
