import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { stringify } from 'yaml';
import { parseBindingBlock } from '../../sidecar/src/config/binding-block.ts';
import { resolveBindings } from '../../sidecar/src/core/resolve-bindings.ts';
import { completeSettings } from '../../sidecar/src/core/settings.ts';
import { type Base, mergeDocument, type Parted, partDocument } from '../../sidecar/src/kong/declarative/base.ts';
import { readDocumentBindings } from '../../sidecar/src/kong/declarative/document-bindings.ts';
import { DeclarativeFileError } from '../../sidecar/src/kong/declarative/errors.ts';
import { entityWords } from '../../sidecar/src/kong/declarative/locate-entity.ts';
import { fuzz } from './fuzz.ts';
import { deepText, mutated, nastyName } from './nasty.ts';
import { declarativeFile } from './samples.ts';

const TAG = 'kong-consul:test';

/** Lines as people and machines get them wrong. */
const LINES = [
  'upstreams:',
  'upstreams: []',
  'upstreams: ~ # none',
  'upstreams: &all [{name: a}, ]',
  'targets: *all',
  'targets:',
  '- name: a',
  '- {name: a, tags: [kong-consul:test]}',
  '  - name: b',
  '    tags:',
  '    - kong-consul:test',
  '  targets: [{target: "10.0.0.1:80", tags: [kong-consul:test]}, ]',
  '- upstream: a',
  '  target: 10.0.0.1:80',
  '- <<: *all',
  '? upstreams\n: - name: c',
  '"upstreams" : # mine',
  'services: [{name: web, host: web, plugins: [{name: kong-upstream-healthcheck}]}]',
  '__proto__: { polluted: true }',
  'constructor: { prototype: { polluted: true } }',
  '_comment: |+\n  two\n\n  lines\n',
  '---',
  '...',
  '%YAML 1.1',
  '!!set {a}',
  '{ upstreams: [], ',
  '{"_format_version": "3.0"}',
  '}',
  '# comment',
  deepText(3_000),
  '- '.repeat(3_000),
  'a: &a [*a, *a]',
  '\ufeff',
  '\r',
  '\0',
  '\t- x',
] as const;

const lines = fc
  .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...LINES) }, { weight: 1, arbitrary: nastyName }), {
    maxLength: 10,
  })
  .chain((list) => fc.constantFrom('\n', '\r\n').map((end) => ['_format_version: "3.0"', ...list].join(end)));
const changed = fc
  .tuple(mutated(declarativeFile), fc.nat(3))
  .map(([document, style]) => written(document, style))
  .filter((text) => text !== undefined);
const spoilt = fc
  .tuple(changed, fc.nat(), nastyName)
  .map(([text, at, other]) => `${text.slice(0, at % text.length)}${other}${text.slice(at % text.length)}`);

describe('a declarative document is read, or refused with the places of its mistakes', () => {
  fuzz('of any text', fc.oneof(lines, fc.string({ unit: 'binary', maxLength: 300 })), isKeptOrRefused);
  fuzz('that was right once', fc.oneof(changed, spoilt), isKeptOrRefused);

  fuzz('and its plugins bind names, or are said not to', fc.oneof(changed, spoilt, lines), (text) => {
    const parted = read(text);
    if (parted === undefined) return;
    const found = readDocumentBindings(parted.base.data, true, (config) => parseBindingBlock(config, 'plugin'));
    const { bindings } = resolveBindings({ ...found, fileEntries: [], exists: () => true });
    for (const { upstream, query } of bindings) {
      expect(upstream).toMatch(/^[\w.-]+$/);
      expect(query.service).not.toBe('');
    }
  });

  const entity = fc.record({ type: nastyName, name: fc.option(nastyName, { nil: undefined }), words: nastyName });
  fuzz('and the place of an entity is found, or left out', fc.tuple(changed, entity), ([text, { words, ...given }]) => {
    const parted = read(text);
    const refused = { ...given, tags: undefined, target: undefined, errors: [words] };
    expect(entityWords(refused, parted?.base).length).toBeLessThan(1_500);
  });
});

/** Ours goes in and comes out again, and the user's part means what it meant. */
function isKeptOrRefused(text: string): void {
  const parted = read(text);
  if (parted === undefined) return;
  const { base, ours } = parted;
  // Kong takes nothing without it, and so there may be nothing else in it.
  if (base.data._format_version === undefined) return;
  for (const name of ours.keys()) expect(base.upstreams.get(name)?.tags ?? []).not.toContain(TAG);
  const merged = mergeDocument(base, [...ours.values(), NEW], TAG);
  const again = partDocument(merged, 'merged.yml', TAG);
  expect(shown(again.base)).toBe(shown(base));
  expect([...again.ours.keys()].sort()).toEqual([...ours.keys(), NEW.name].sort());
  expect(mergeDocument(again.base, again.ours.values(), TAG)).toBe(merged);
}

const NEW = {
  name: 'kong-consul-fuzz',
  id: 'kong-consul-fuzz',
  tags: [TAG],
  settings: completeSettings({ slots: 100 }),
  targets: [{ target: '10.0.0.1:80', weight: 1, tags: [TAG], id: 'kong-consul-fuzz/10.0.0.1:80' }],
};

/** A list that was not there is as good as an empty one. */
function shown({ data }: Base): string {
  const { upstreams, targets, ...others } = data;
  return JSON.stringify([others, upstreams ?? [], targets ?? []]);
}

function read(text: string): Parted | undefined {
  try {
    return partDocument(text, 'kong.yml', TAG);
  } catch (error) {
    if (!(error instanceof DeclarativeFileError)) throw error;
    expect(error.message.length).toBeLessThan(20_000);
    for (const problem of error.problems) expect(problem).toMatch(/^kong\.yml[: ]/);
    return undefined;
  }
}

/** In one of the styles that people write; undefined for what has no text in it. */
function written(document: unknown, style: number): string | undefined {
  if (style === 0) return JSON.stringify(document);
  if (style === 1) return JSON.stringify(document, undefined, 2);
  return stringify(document, style === 2 ? {} : { indentSeq: false, collectionStyle: 'block', lineWidth: 0 });
}
