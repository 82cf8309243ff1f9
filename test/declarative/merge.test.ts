import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { completeSettings } from '../../sidecar/src/core/settings.ts';
import type { CurrentTarget, CurrentUpstream } from '../../sidecar/src/core/state.ts';
import { mergeDocument, partDocument } from '../../sidecar/src/kong/declarative/base.ts';
import { DeclarativeFileError } from '../../sidecar/src/kong/declarative/errors.ts';
import { largeDocument } from './large-document.ts';

const TAG = 'kong-consul:test';
const RUNS = 40;

describe('what is put into a declarative document', () => {
  test.each([
    ['without a list of upstreams', '_format_version: "3.0"\nservices: []\n'],
    ['with an empty list', '_format_version: "3.0"\nupstreams: []\n'],
    ['with nothing in the list', '_format_version: "3.0"\nupstreams:\nservices: []\n'],
    ['with upstreams of the user', '_format_version: "3.0"\nupstreams:\n# mine\n- name: other\n  slots: 100 # few\n'],
    ['with an indented list', 'upstreams:\n    -   name: other\n        tags: [x]\n_format_version: "3.0"'],
    ['with a list in flow style', '_format_version: "3.0"\nupstreams: [{name: other}, {name: more}, ]\n'],
    ['in JSON', '{"_format_version": "3.0", "upstreams": [{"name": "other"}], "targets": []}'],
    ['in JSON without the list', '{"_format_version": "3.0"}'],
    ['that starts with a marker and a comment', '# mine\n---\n# too\n_format_version: "3.0"\n...\n'],
    ['with Windows line ends', '_format_version: "3.0"\r\nupstreams:\r\n- name: other\r\n'],
    ['that ends in a block of text', '_format_version: "3.0"\n_comment: |+\n  two\n\n  lines\n\n'],
    ['with a comment behind the key', '_format_version: "3.0"\nupstreams: # all of them\n\n# first\n- name: other\n'],
  ])('comes out again, byte for byte: %s', (_name, text) => {
    const { base } = partDocument(text, 'kong.yml', TAG);
    const merged = mergeDocument(base, [upstream('web', ['10.0.0.1:80']), guest('other', base, '10.0.0.2:80')], TAG);
    expect(upstreamNames(merged)).toContain('web');
    const parted = partDocument(merged, 'merged.yml', TAG);
    expect(parted.base.text).toBe(text);
    expect([...parted.ours.keys()].sort()).toEqual(base.upstreams.has('other') ? ['other', 'web'] : ['web']);
  });

  test('is nothing at all when nothing is ours', () => {
    const text = 'services: [ ]   # odd\n_format_version:   "3.0"';
    expect(mergeDocument(partDocument(text, 'kong.yml', TAG).base, [], TAG)).toBe(text);
  });

  test('leaves anchors, merge keys and the spelling of values as they are', () => {
    const text = [
      '_format_version: "3.0"',
      '_ignore:',
      '- &defaults {slots: 1_000, tags: [yes, "no", 0x1F, 12345678901234567890]}',
      'upstreams:',
      '- <<: *defaults',
      '  name: other',
      'plugins:',
      '- name: rate-limiting',
      "  config: {redis: {password: '{vault://env/redis-password}'}, minute: 1e3}",
      '',
    ].join('\n');
    const { base } = partDocument(text, 'kong.yml', TAG);
    const merged = mergeDocument(base, [upstream('web', ['10.0.0.1:80'])], TAG);
    expect(linesOf(merged)).toEqual(expect.arrayContaining([...linesOf(text)]));
    expect(partDocument(merged, 'merged.yml', TAG).base.text).toBe(text);
  });

  test('goes into a list that is an alias, written out', () => {
    const text = '_format_version: "3.0"\n_ignore: [&list [{name: other}]]\nupstreams: *list\n';
    const { base } = partDocument(text, 'kong.yml', TAG);
    const merged = mergeDocument(base, [upstream('web', [])], TAG);
    expect(upstreamNames(merged)).toEqual(['web', 'other']);
    expect(parse(partDocument(merged, 'merged.yml', TAG).base.text)).toEqual(parse(text));
  });

  test('stands in for an upstream of the user that was adopted, with its targets', () => {
    const text =
      '_format_version: "3.0"\nupstreams:\n- name: web\n- name: other\ntargets:\n- {upstream: web, target: "10.0.0.9:80"}\n';
    const merged = mergeDocument(partDocument(text, 'kong.yml', TAG).base, [upstream('web', ['10.0.0.1:80'])], TAG);
    expect(upstreamNames(merged)).toEqual(['web', 'other']);
    expect(parse(merged).targets ?? []).toEqual([]);
  });

  test.each([
    ['that is indented', 'upstreams:\n    -   name: other\n        tags: [x]\n_format_version: "3.0"\n'],
    ['with comments', '_format_version: "3.0"\nupstreams: # all of them\n# the first\n- name: other\n# and no more\n'],
    ['in flow style', '_format_version: "3.0"\nupstreams: [ {name: other}, ]\n'],
    ['empty in flow style', '_format_version: "3.0"\nupstreams: [ ]\n'],
    ['in JSON', '{"_format_version": "3.0", "upstreams": [{"name": "other"}]}'],
    ['that is an alias', '_format_version: "3.0"\n_ignore: [&list [{name: other}]]\nupstreams: *list\n'],
    ['without a value', '_format_version: "3.0"\nupstreams: # none yet\nservices: []\n'],
    ['without a value, at the end', '_format_version: "3.0"\nupstreams:'],
    ['that is null', '_format_version: "3.0"\nupstreams: ~ # none yet\nservices: []\n'],
    ['that is null, at the end', '_format_version: "3.0"\nupstreams: null'],
    ['that is null in JSON', '{"_format_version": "3.0", "upstreams": null, "services": []}'],
    ['with Windows line ends', '_format_version: "3.0"\r\nupstreams:\r\n  - name: other\r\n'],
  ])('is put back in the same bytes where no item of the user is left: a list %s', (_name, text) => {
    const { base } = partDocument(text, 'kong.yml', TAG);
    const merged = mergeDocument(base, [upstream('other', ['10.0.0.1:80']), upstream('web', [])], TAG);
    expect(upstreamNames(merged)).toEqual(['other', 'web']);
    const parted = partDocument(merged, 'merged.yml', TAG);
    expect(mergeDocument(parted.base, parted.ours.values(), TAG)).toBe(merged);
  });

  test('is found in what Kong exports: by tag, with targets that refer to it by id', () => {
    const text = stringify({
      _format_version: '3.0',
      upstreams: [
        { id: 'id-1', name: 'web', tags: [TAG] },
        { id: 'id-2', name: 'other', tags: null },
      ],
      targets: [
        { upstream: 'id-1', target: '10.0.0.1:80', tags: [TAG] },
        { upstream: 'id-1', target: '10.0.0.2:80', tags: null },
        { upstream: 'id-2', target: '10.0.0.3:80', tags: [TAG] },
        { upstream: 'id-2', target: '10.0.0.4:80', weight: 7, tags: ['x'] },
      ],
    });
    const { base, ours } = partDocument(text, 'GET /config', TAG);
    expect(parse(base.text)).toEqual({
      _format_version: '3.0',
      upstreams: [{ id: 'id-2', name: 'other', tags: null }],
      targets: [{ upstream: 'id-2', target: '10.0.0.4:80', weight: 7, tags: ['x'] }],
    });
    expect(ours.get('web')?.targets.map(({ target }) => target)).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    expect(ours.get('other')?.targets.map(({ target }) => target)).toEqual(['10.0.0.3:80', '10.0.0.4:80']);
  });

  test('is found where it stands inside an upstream of the user', () => {
    const text = `_format_version: "3.0"\nupstreams:\n- name: other\n  targets:\n  - target: 10.0.0.1:80\n    tags: ["${TAG}"]\n  - target: 10.0.0.2:80\n`;
    const { base, ours } = partDocument(text, 'kong.yml', TAG);
    expect(base.text).toBe('_format_version: "3.0"\nupstreams:\n- name: other\n  targets:\n  - target: 10.0.0.2:80\n');
    expect(ours.get('other')?.targets).toHaveLength(2);
  });

  test('is taken out where its upstream is gone, which Kong would not take', () => {
    const text = `_format_version: "3.0"\ntargets:\n- {upstream: gone, target: "10.0.0.1:80", tags: ["${TAG}"]}\n- {upstream: x, target: "10.0.0.2:80"}\n`;
    const { base, ours } = partDocument(text, 'kong.yml', TAG);
    expect(base.text).toBe('_format_version: "3.0"\ntargets:\n- {upstream: x, target: "10.0.0.2:80"}\n');
    expect(ours.size).toBe(0);
  });

  test('says nothing of a document to stderr', async () => {
    const said: unknown[] = [];
    const listen = (warning: unknown) => said.push(warning);
    process.on('warning', listen);
    partDocument('_format_version: "3.0"\n? {key: secret}\n: 1\n', 'kong.yml', TAG);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(said).toEqual([]);
  });

  test('is told of the first mistakes, however many a document has', () => {
    const text = `_format_version: "3.0"\nupstreams:\n${'}\n'.repeat(1_000)}`;
    expect(() => partDocument(text, 'kong.yml', TAG)).toThrow(/kong\.yml: and \d+ more$/);
  });

  test.each([
    ['services:\n- name: a\n  host: [\n', /^kong\.yml:4:1: /],
    ['services:\n  - name: a\n host: x\n', /^kong\.yml:3:1: /],
    ['- a\n', /^kong\.yml:1:1: expected keys and values/],
    ['a: *none\n', /^kong\.yml:1:4: this alias has no anchor/],
    ['upstreams: 7\n', /^kong\.yml: "upstreams" is no list/],
    ['upstreams: &all [{name: a}]\n_ignore: [*all]\n', /^kong\.yml: "upstreams" is used again by an alias/],
  ])('is told where a broken document is broken: %j', (text, problem) => {
    expect(() => partDocument(text, 'kong.yml', TAG)).toThrow(DeclarativeFileError);
    expect(() => partDocument(text, 'kong.yml', TAG)).toThrow(problem);
  });

  test('comes out of any document, with the data as it was', () => {
    fc.assert(
      fc.property(documents, fc.uniqueArray(ourUpstreams, { selector: ({ name }) => name }), (text, ours) => {
        const { base } = partDocument(text, 'kong.yml', TAG);
        const merged = mergeDocument(base, ours, TAG);
        expect(upstreamNames(merged)).toEqual(expect.arrayContaining(ours.map(({ name }) => name)));
        const parted = partDocument(merged, 'merged.yml', TAG);
        expect(parse(parted.base.text)).toEqual(parse(text));
        expect([...parted.ours.values()].map(shown).sort()).toEqual(ours.map(shown).sort());
        expect(mergeDocument(parted.base, parted.ours.values(), TAG)).toBe(merged);
      }),
      { numRuns: RUNS },
    );
  });

  test('goes into and out of a large document of every kind of entity', () => {
    const text = largeDocument();
    const { base } = partDocument(text, 'kong.yml', TAG);
    const ours = Array.from({ length: 200 }, (_, at) => upstream(`web-${at}`, [`10.0.1.${at}:80`, `10.0.2.${at}:80`]));
    const merged = mergeDocument(base, ours, TAG);
    const parted = partDocument(merged, 'merged.yml', TAG);
    expect(parted.base.text).toBe(text);
    expect(parted.ours.size).toBe(200);
  }, 30_000);
});

/** A document in some style, of values as people write them. */
const scalars = fc.oneof(
  fc.string(),
  fc.constantFrom('yes', 'no', '~', '{vault://env/secret}', '# no comment', '- x', 'a: b', '*a', '&a', '12:30', '0x1F'),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('two\nlines\n', 'ends\n\n\n', ' leads', '\ttab\n x'),
);
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalars,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 3 },
    ),
  ),
})).value;
const foreign = fc.record(
  {
    name: fc.stringMatching(/^theirs-[a-z]{1,8}$/),
    tags: fc.array(fc.string(), { maxLength: 2 }),
    _comment: fc.string(),
    targets: fc.array(fc.record({ target: fc.ipV4().map((ip) => `${ip}:80`), weight: fc.nat(1000) }), { maxLength: 3 }),
    host_header: scalars,
  },
  { requiredKeys: ['name'] },
);
const documentData = fc.record(
  {
    _format_version: fc.constantFrom('2.1', '3.0'),
    _comment: fc.string(),
    services: fc.array(values, { maxLength: 3 }),
    upstreams: fc.uniqueArray(foreign, { selector: ({ name }) => name, maxLength: 4, minLength: 0 }),
    targets: fc.array(fc.record({ upstream: fc.constant('theirs-x'), target: fc.constant('10.9.9.9:80') }), {
      maxLength: 2,
    }),
    plugins: fc.array(values, { maxLength: 3 }),
  },
  { requiredKeys: ['_format_version'] },
);
const documents = fc
  .tuple(documentData, fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), fc.nat(5))
  .map(([data, order, style]) => {
    const entries = Object.entries(data);
    const shuffled = Object.fromEntries(order.flatMap((at) => (entries[at] === undefined ? [] : [entries[at]])));
    return written(shuffled, style);
  });

function written(data: unknown, style: number): string {
  if (style === 0) return JSON.stringify(data);
  if (style === 1) return JSON.stringify(data, null, 2);
  if (style === 2) return stringify(data, { collectionStyle: 'flow', lineWidth: 40 });
  if (style === 3) return stringify(data, { indentSeq: false, lineWidth: 0 });
  if (style === 4) return `# mine\n---\n${stringify(data, { indent: 4 })}# the end\n`;
  return stringify(data, { lineWidth: 20 }).replace(/\n$/, '');
}

const ourUpstreams = fc
  .record({
    name: fc.stringMatching(/^ours-[a-z]{1,8}$/),
    targets: fc.uniqueArray(fc.ipV4(), { maxLength: 4 }),
    hostHeader: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  })
  .map(({ name, targets, hostHeader }) =>
    upstream(
      name,
      targets.map((ip) => `${ip}:80`),
      hostHeader === undefined ? {} : { host_header: hostHeader },
    ),
  );

function upstream(name: string, targets: readonly string[], settings = {}): CurrentUpstream {
  return {
    name,
    id: name,
    tags: [TAG],
    settings: completeSettings({ slots: 100, ...settings }),
    targets: targets.map((target) => ours(name, target)),
  };
}

function guest(name: string, base: { readonly upstreams: ReadonlyMap<string, CurrentUpstream> }, target: string) {
  const theirs = base.upstreams.get(name);
  return {
    ...upstream(name, [target]),
    tags: [],
    ...theirs,
    targets: [...(theirs?.targets ?? []), ours(name, target)],
  };
}

function ours(upstreamName: string, target: string): CurrentTarget {
  return { target, weight: 1, tags: [TAG], id: `${upstreamName}/${target}` };
}

function shown({ name, tags, settings, targets }: CurrentUpstream): string {
  const sorted = [...targets].sort((a, b) => (a.target < b.target ? -1 : 1));
  return JSON.stringify({ name, tags, settings, targets: sorted });
}

function upstreamNames(text: string): readonly string[] {
  return (parse(text).upstreams ?? []).map(({ name }: { name: string }) => name);
}

function linesOf(text: string): readonly string[] {
  return text.split('\n');
}
