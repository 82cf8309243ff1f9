import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { withoutEmptyKeys } from './unset.ts';
import { yamlProblems } from './yaml-problems.ts';

/** A config file as it was read, with the line of each key. */
export interface ConfigFile {
  readonly path: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
  /** `path:line` of the deepest part of a key that the file has. */
  readonly locate: (key: readonly string[]) => string;
  readonly lineOf: (key: readonly string[]) => number;
}

/** Thousands of upstreams may share one anchor; what expands to more than this is no config. */
const MAX_ALIASES = 100_000;

/** Parses YAML; what is wrong with it is told with its line, never thrown. */
export function parseConfigFile(path: string, text: string): ConfigFile {
  try {
    return readDocument(path, text);
  } catch (error) {
    // Deeper than the stack reaches.
    if (!(error instanceof RangeError)) throw error;
    const at = `${path}:1`;
    return { path, content: {}, problems: [`${at}: it is nested too deeply`], lineOf: () => 1, locate: () => at };
  }
}

function readDocument(path: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
    uniqueKeys: false,
  });
  const problems = yamlProblems(document).map(
    (problem) => `${path}:${lines.linePos(problem.offset).line}: ${problem.text}`,
  );
  const root = document.contents;
  const isEmpty = root === null || (isScalar(root) && root.value === null);
  if (problems.length === 0 && !isEmpty && !isMap(root))
    problems.push(`${path}:1: expected keys and values, such as "owner: default"`);

  const content = problems.length === 0 ? expand(document) : {};
  if (content === undefined) problems.push(`${path}:1: its aliases stand for too much`);

  const index: KeyIndex = new WeakMap();
  const lineOf = (key: readonly string[]) => lines.linePos(offsetOf(document, key, index)).line;
  return {
    path,
    content: content ?? {},
    problems,
    lineOf,
    locate: (key) => `${path}:${lineOf(key)}`,
  };
}

function expand(document: Document.Parsed): Readonly<Record<string, unknown>> | undefined {
  try {
    return withoutEmptyKeys(document.toJS({ maxAliasCount: MAX_ALIASES }));
  } catch {
    return undefined;
  }
}

/** Where the deepest part of a key starts that the document has. */
function offsetOf(document: Document.Parsed, key: readonly string[], index: KeyIndex): number {
  let at: unknown = document.contents;
  let offset = 0;
  for (const part of key) {
    const inside: unknown = isAlias(at) ? at.resolve(document) : at;
    const found = childOf(inside, part, index);
    if (found === undefined) break;
    offset = found.offset ?? offset;
    at = found.value;
  }
  return offset;
}

interface Child {
  readonly offset: number | undefined;
  readonly value: unknown;
}

/** The keys of each map that was asked for: one among thousands of upstreams is not looked for from the first on. */
type KeyIndex = WeakMap<YAMLMap, ReadonlyMap<string, Child>>;

function childOf(node: unknown, key: string, index: KeyIndex): Child | undefined {
  if (isSeq<Node>(node)) {
    const item = node.items[Number(key)];
    return item && { offset: item.range?.[0], value: item };
  }
  if (!isMap(node)) return undefined;
  const known = index.get(node) ?? childrenOf(node);
  index.set(node, known);
  return known.get(key);
}

function childrenOf({ items }: YAMLMap): ReadonlyMap<string, Child> {
  const named = items.flatMap(({ key, value }): readonly [string, Child][] =>
    isScalar(key) ? [[String(key.value), { offset: key.range?.[0], value }]] : [],
  );
  return new Map(named);
}
