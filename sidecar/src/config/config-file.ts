import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';

/** A config file as it was read, with the line of each key. */
export interface ConfigFile {
  readonly path: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
  /** `path:line` of the deepest part of a key that the file has. */
  readonly locate: (key: readonly string[]) => string;
  readonly lineOf: (key: readonly string[]) => number;
}

/** Parses YAML; what is wrong with it is told with its line, never thrown. */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const problems = document.errors.map(
    (error) => `${path}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}`,
  );
  const root: unknown = document.contents;
  const isEmpty = root === null || (isScalar(root) && root.value === null);
  if (problems.length === 0 && !isEmpty && !isMap(root))
    problems.push(`${path}:1: expected keys and values, such as "owner: default"`);

  const lineOf = (key: readonly string[]) => {
    let at: unknown = root;
    let offset = 0;
    for (const part of key) {
      if (!isMap(at)) break;
      const pair = at.items.find((item) => isScalar(item.key) && String(item.key.value) === part);
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      at = pair.value;
    }
    return lines.linePos(offset).line;
  };
  const content: unknown = problems.length === 0 && isMap(root) ? document.toJS({ maxAliasCount: 100 }) : {};
  return {
    path,
    content: isRecord(content) ? content : {},
    problems,
    lineOf,
    locate: (key) => `${path}:${lineOf(key)}`,
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
