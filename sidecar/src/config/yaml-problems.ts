import { type Document, isAlias, isScalar, visit } from 'yaml';

/** What is wrong at an offset of the text. */
export interface YamlProblem {
  readonly offset: number;
  readonly text: string;
}

/** `yaml`'s own sentences for these have nothing of the text in them. */
const PLAIN = new Set(['BAD_INDENT', 'BLOCK_IN_FLOW', 'MISSING_CHAR']);
const OTHER = 'this is no good YAML: look at quotes, brackets and indentation here';
const SENTENCES: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: 'a backslash in double quotes starts an escape: use single quotes',
  BAD_SCALAR_START: 'a value cannot start with this character: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a value with a colon in it: put it in quotes, or begin a new line',
  MULTIPLE_DOCS: 'expected one document: remove the line "---"',
  MULTILINE_IMPLICIT_KEY: 'expected "key: value", with a space after the colon',
  NON_STRING_KEY: 'a key must be text',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  TAG_RESOLVE_FAILED: 'unknown YAML tag: put a value that starts with "!" in quotes',
};

const NO_ANCHOR = 'this alias has no anchor before it: put a value that starts with "*" in quotes';

/** All that keeps a document from being used. Nothing of the text is repeated but keys: the rest could be a secret. */
export function yamlProblems(document: Document.Parsed): readonly YamlProblem[] {
  const found = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    offset: pos[0],
    text: SENTENCES[code] ?? (PLAIN.has(code) ? message : OTHER),
  }));
  return [...found, ...wrongKeys(document), ...aliasProblems(document)];
}

/** `yaml` itself looks for a key that is there twice by comparing each with each: seconds in a large file. */
function wrongKeys(document: Document.Parsed): readonly YamlProblem[] {
  const problems: YamlProblem[] = [];
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) {
          problems.push({ offset: key.range?.[0] ?? 0, text: `the key ${JSON.stringify(name)} is there twice` });
        }
        if (name === '__proto__')
          problems.push({ offset: key.range?.[0] ?? 0, text: 'no key can be named "__proto__"' });
        seen.add(name);
      }
    },
  });
  return problems;
}

/** An alias in what it stands for would never end. */
function aliasProblems(document: Document.Parsed): readonly YamlProblem[] {
  const problems: YamlProblem[] = [];
  const anchors = new Map<string, unknown>();
  visit(document, {
    Node(_key, node, ancestors) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return;
      }
      const offset = node.range?.[0] ?? 0;
      if (!anchors.has(node.source)) problems.push({ offset, text: NO_ANCHOR });
      else if (ancestors.some((ancestor) => ancestor === anchors.get(node.source)))
        problems.push({ offset, text: 'this alias stands for a part that it is in itself' });
    },
  });
  return problems;
}
