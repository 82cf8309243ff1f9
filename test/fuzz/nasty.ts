import fc from 'fast-check';

/** Names that were made to be more than a name: paths, headers, prototypes, terminals. */
const NASTY_NAMES = [
  '',
  '.',
  '..',
  '../../services',
  '..%2f..%2fservices',
  '%2e%2e',
  '%',
  '%zz',
  'a/b',
  '//evil.example',
  'http://evil.example/',
  '\\..\\',
  'a?size=1',
  'a#b',
  'a&tag=b',
  'a;b',
  'a b',
  ' ',
  'a\r\nX-Evil: 1',
  'a\nb',
  'a\tb',
  'a\0b',
  '\u001b[2J',
  '\u202ea',
  '\ud800',
  'é',
  '{service}',
  '$&',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  '_web._tcp.service.consul',
  'a.service.consul',
  '10.0.0.1',
  '1.2.3',
  '::1',
  '[::1]',
  'fe80::1%eth0',
  '::ffff:10.0.0.1',
  ':'.repeat(3_000),
  '0:'.repeat(2_000),
  'a'.repeat(4_000),
  '9'.repeat(400),
] as const;

export const nastyName: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NASTY_NAMES) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom('a', '.', '/', '%2f', '..', ':', '\r\n', '-', '_', '1'), { maxLength: 12 })
      .map(join),
  },
);

/** A value where another one is expected. */
export const nastyValue: fc.Arbitrary<unknown> = fc.oneof(
  nastyName,
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 65_536, 2 ** 53, -0, 1e308, {}, [], [[]], [null], {
    a: null,
  }),
  fc.constantFrom('__proto__', 'constructor', 'toString').map((name) => JSON.parse(`{"${name}":{"polluted":true}}`)),
  fc.integer(),
  fc.double(),
  fc.constantFrom(1, 20, 300).map(nested),
  fc.json({ maxDepth: 3 }).map((text): unknown => JSON.parse(text)),
);

type Edit =
  | { readonly does: 'replace' | 'add'; readonly at: number; readonly name: string; readonly value: unknown }
  | { readonly does: 'drop' | 'repeat'; readonly at: number };

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ does: fc.constantFrom('replace', 'add'), at: fc.nat(), name: nastyName, value: nastyValue }),
  fc.record({ does: fc.constantFrom('drop', 'repeat'), at: fc.nat() }),
);

/** One of the documents with a few of its parts exchanged, gone, there twice, or with others beside them. */
export function mutated(...documents: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...documents), fc.array(edit, { maxLength: 3 }))
    .map(([document, edits]) => edits.reduce(apply, structuredClone(document)));
}

/** JSON as it may come: whole, cut off, with bytes exchanged, or something else. */
export function jsonText(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const whole = value.map((one) => JSON.stringify(one) ?? 'null');
  const cut = fc.tuple(whole, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)));
  const spoilt = fc
    .tuple(whole, fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }))
    .map(
      ([text, at, other]) =>
        `${text.slice(0, at % (text.length + 1))}${other}${text.slice((at % (text.length + 1)) + 1)}`,
    );
  return fc.oneof(
    { weight: 8, arbitrary: whole },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: spoilt },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        deepText(20_000),
        '',
        'null',
        '{}',
        '[]',
        '""',
        '<html>',
        '\ufeff[]',
        '{"data":{}}',
        '[1,]',
      ),
    },
  );
}

function apply(document: unknown, change: Edit): unknown {
  const places = placesIn(document);
  const place = places[change.at % places.length];
  if (place === undefined) return change.does === 'replace' ? change.value : document;
  const { parent, key } = place;
  if (change.does === 'replace') put(parent, key, change.value);
  else if (change.does === 'add')
    put(parent, Array.isArray(parent) ? String(parent.length) : change.name, change.value);
  else if (change.does === 'drop') Reflect.deleteProperty(parent, key);
  else put(parent, Array.isArray(parent) ? String(parent.length) : `${key}2`, Reflect.get(parent, key));
  return document;
}

/** As JSON.parse would: a name is a key, whatever it is. */
function put(parent: object, key: string, value: unknown): void {
  const copy = structuredClone(value);
  Object.defineProperty(parent, key, { value: copy, enumerable: true, configurable: true, writable: true });
}

interface Place {
  readonly parent: object;
  readonly key: string;
}

function placesIn(value: unknown, depth = 0): readonly Place[] {
  if (typeof value !== 'object' || value === null || depth > 12) return [];
  return Object.keys(value).flatMap((key) => [
    { parent: value, key },
    ...placesIn(Reflect.getOwnPropertyDescriptor(value, key)?.value, depth + 1),
  ]);
}

function nested(depth: number): unknown {
  return JSON.parse(deepText(depth));
}

/** JSON that is nothing but brackets: `JSON.parse` takes it, what walks over it by recursion does not. */
export function deepText(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

function join(parts: readonly string[]): string {
  return parts.join('');
}
