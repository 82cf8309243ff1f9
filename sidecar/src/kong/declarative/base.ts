import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { yamlProblems } from '../../config/yaml-problems.ts';
import type { Json, JsonObject } from '../../core/binding.ts';
import { isOwned } from '../../core/ownership.ts';
import type { CurrentTarget, CurrentUpstream } from '../../core/state.ts';
import { shortened } from '../../net/foreign-text.ts';
import { DeclarativeFileError } from './errors.ts';
import { guestItems, isObject, readTarget, readUpstream, upstreamItem } from './item.ts';
import { applyEdits, type Edit, rewrite } from './rewrite.ts';
import { locateSection, type Section } from './section.ts';

/**
 * The user's own declarative document. It is kept as text, and what is ours is spliced into the text, so that everything
 * else goes to Kong byte for byte as it came: anchors, comments, key order, the spelling of every scalar.
 */
export interface Base {
  /** Where it came from, for messages. */
  readonly origin: string;
  readonly text: string;
  readonly data: JsonObject;
  /** The user's upstreams by name, with all of their targets. */
  readonly upstreams: ReadonlyMap<string, CurrentUpstream>;
  readonly sections: { readonly upstreams: Section; readonly targets: Section };
}

/** A document taken apart into what is the user's and what is ours. */
export interface Parted {
  readonly base: Base;
  /** Whole upstreams, and those of the user with targets of ours in them. */
  readonly ours: ReadonlyMap<string, CurrentUpstream>;
}

/** YAML aliases may stand for others in turn; what expands to more is an attack. */
const MAX_ALIASES = 100_000;
/** One mistake can make thousands behind it. */
const MAX_PROBLEMS = 20;

/** Takes out what carries the owner tag, a target whose upstream is gone too. @throws DeclarativeFileError with line and column of each mistake */
export function partDocument(text: string, origin: string, tag: string): Parted {
  const { base, ours, edits } = readDocument(text, origin, tag);
  if (edits.length === 0) return { base, ours };
  return { base: readDocument(applyEdits(text, edits), origin, tag).base, ours };
}

/**
 * The document with our objects in it. A whole upstream of ours stands in for the user's of the same name (it was
 * adopted); of those that are not ours only our targets are written.
 */
export function mergeDocument(base: Base, ours: Iterable<CurrentUpstream>, tag: string): string {
  const sorted = [...ours].sort((a, b) => (a.name < b.name ? -1 : 1));
  const whole = sorted.filter((upstream) => isOwned(upstream, tag));
  const names = new Set(whole.map(({ name }) => name));
  const guests = sorted
    .filter(({ name }) => !names.has(name) && base.upstreams.has(name))
    .flatMap((upstream) => guestItemsOf(upstream, tag));
  const adopted = indicesOf(rowsOf(base.data, 'upstreams'), (item) => names.has(nameOf(item) ?? ''));
  const moved = indicesOf(rowsOf(base.data, 'targets'), (item) => names.has(upstreamNameOf(item, base.data) ?? ''));
  return applyEdits(base.text, [
    ...rewrite('upstreams', base.text, base.sections.upstreams, adopted, whole.map(itemOf)),
    ...rewrite('targets', base.text, base.sections.targets, moved, guests),
  ]);
}

const items = new WeakMap<CurrentUpstream, JsonObject>();
const guestsOf = new WeakMap<CurrentUpstream, readonly JsonObject[]>();

function itemOf(upstream: CurrentUpstream): JsonObject {
  const item = items.get(upstream) ?? upstreamItem(upstream);
  items.set(upstream, item);
  return item;
}

function guestItemsOf(upstream: CurrentUpstream, tag: string): readonly JsonObject[] {
  const known = guestsOf.get(upstream);
  if (known !== undefined) return known;
  const made = guestItems(
    upstream.name,
    upstream.targets.filter((target) => isOwned(target, tag)),
  );
  guestsOf.set(upstream, made);
  return made;
}

function readDocument(text: string, origin: string, tag: string): Parted & { readonly edits: readonly Edit[] } {
  const lines = new LineCounter();
  const document = parseText(text, origin, lines);
  const placed = yamlProblems(document).map(({ offset, text: problem }) => {
    const { line, col } = lines.linePos(offset);
    return `${origin}:${line}:${col}: ${shortened(problem)}`;
  });
  if (placed.length > MAX_PROBLEMS)
    throw new DeclarativeFileError([
      ...placed.slice(0, MAX_PROBLEMS),
      `${origin}: and ${placed.length - MAX_PROBLEMS} more`,
    ]);
  if (placed.length > 0) throw new DeclarativeFileError(placed);
  const root = document.contents;
  if (!isMap(root))
    throw new DeclarativeFileError([`${origin}:1:1: expected keys and values, such as _format_version: "3.0"`]);
  const data = expand(document, origin);
  try {
    const base = { origin, text, data, upstreams: readUpstreams(data), sections: locate(text, document, root, data) };
    const ours = findOurs(base, tag);
    return { base, ours, edits: [...takeOut(base, tag), ...takeOutNested(base, tag, document, root)] };
  } catch (error) {
    throw new DeclarativeFileError([`${origin}: ${error instanceof Error ? error.message : 'cannot be read'}`]);
  }
}

function parseText(text: string, origin: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      merge: true,
      uniqueKeys: false,
      keepSourceTokens: true,
      // Its warnings go to stderr, with a part of the text.
      logLevel: 'error',
    });
  } catch (error) {
    // Nested deeper than the stack reaches.
    if (!(error instanceof RangeError)) throw error;
    throw new DeclarativeFileError([`${origin}:1:1: it is nested too deeply`]);
  }
}

function locate(text: string, document: Document.Parsed, root: YAMLMap.Parsed, data: JsonObject): Base['sections'] {
  const upstreams = locateSection('upstreams', text, document, root, data);
  const targets = locateSection('targets', text, document, root, data);
  return { upstreams, targets };
}

function expand(document: Document.Parsed, origin: string): JsonObject {
  let data: Json;
  try {
    data = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    throw new DeclarativeFileError([`${origin}:1:1: its aliases stand for too much`]);
  }
  return isObject(data) ? data : {};
}

function findOurs({ upstreams }: Base, tag: string): ReadonlyMap<string, CurrentUpstream> {
  const holdsOurs = (upstream: CurrentUpstream) =>
    [upstream, ...upstream.targets].some((object) => isOwned(object, tag));
  return new Map([...upstreams].filter(([, upstream]) => holdsOurs(upstream)));
}

/** A target in an upstream of ours goes with it, whatever its tags: they are kept with it. */
function takeOut({ text, data, upstreams, sections }: Base, tag: string): readonly Edit[] {
  const isWhole = (name: string | undefined) => {
    const upstream = upstreams.get(name ?? '');
    return upstream !== undefined && isOwned(upstream, tag);
  };
  const whole = indicesOf(rowsOf(data, 'upstreams'), (item) => isWhole(nameOf(item)));
  const targets = indicesOf(
    rowsOf(data, 'targets'),
    (item) => isWhole(upstreamNameOf(item, data)) || isOurs(item, tag),
  );
  return [
    ...rewrite('upstreams', text, sections.upstreams, whole, []),
    ...rewrite('targets', text, sections.targets, targets, []),
  ];
}

/** Targets of ours that stand inside an upstream of the user. */
function takeOutNested(
  { text, data }: Base,
  tag: string,
  document: Document.Parsed,
  root: YAMLMap.Parsed,
): readonly Edit[] {
  const list = root.items.find(({ key }) => isScalar(key) && key.value === 'upstreams')?.value;
  return rowsOf(data, 'upstreams').flatMap((item, at): readonly Edit[] => {
    if (!isObject(item) || isOurs(item, tag)) return [];
    const ours = indicesOf(rowsOf(item, 'targets'), (target) => isOurs(target, tag));
    if (ours.size === 0) return [];
    const node = isSeq(list) ? list.items[at] : undefined;
    if (!isMap(node)) throw new Error(`upstream ${nameOf(item) ?? at} has targets of ours behind an alias`);
    return rewrite('targets', text, locateSection('targets', text, document, node, item), ours, []);
  });
}

function isOurs(item: Json, tag: string): boolean {
  return isObject(item) && Array.isArray(item.tags) && item.tags.includes(tag);
}

function indicesOf(rows: readonly Json[], isMeant: (item: Json) => boolean): ReadonlySet<number> {
  return new Set(rows.flatMap((item, at) => (isMeant(item) ? [at] : [])));
}

function readUpstreams(data: JsonObject): ReadonlyMap<string, CurrentUpstream> {
  const upstreams = new Map<string, CurrentUpstream>();
  for (const item of rowsOf(data, 'upstreams')) {
    const upstream = readUpstream(item);
    if (upstream !== undefined) upstreams.set(upstream.name, upstream);
  }
  const flat = new Map<string, CurrentTarget[]>();
  for (const item of rowsOf(data, 'targets')) {
    const name = upstreamNameOf(item, data);
    const target = name === undefined ? undefined : readTarget(name, item);
    if (name !== undefined && target !== undefined) flat.set(name, [...(flat.get(name) ?? []), target]);
  }
  for (const [name, targets] of flat) {
    const upstream = upstreams.get(name);
    if (upstream !== undefined) upstreams.set(name, { ...upstream, targets: [...upstream.targets, ...targets] });
  }
  return upstreams;
}

/** The upstream that an item of `targets` speaks of: by name or id, in short or as `{ id }`, `{ name }`. */
function upstreamNameOf(item: Json | undefined, data: JsonObject): string | undefined {
  const reference = isObject(item) ? item.upstream : undefined;
  const key = isObject(reference) ? (reference.id ?? reference.name) : reference;
  if (typeof key !== 'string') return undefined;
  return namesById(data).get(key) ?? key;
}

const namesByIdOf = new WeakMap<JsonObject, ReadonlyMap<string, string>>();

function namesById(data: JsonObject): ReadonlyMap<string, string> {
  const known = namesByIdOf.get(data);
  if (known !== undefined) return known;
  const names = new Map(
    rowsOf(data, 'upstreams').flatMap((item) =>
      isObject(item) && typeof item.id === 'string' && typeof item.name === 'string' ? [[item.id, item.name]] : [],
    ),
  );
  namesByIdOf.set(data, names);
  return names;
}

function nameOf(item: Json | undefined): string | undefined {
  return isObject(item) && typeof item.name === 'string' ? item.name : undefined;
}

function rowsOf(data: JsonObject, name: string): readonly Json[] {
  const list = data[name];
  return Array.isArray(list) ? list : [];
}
