import { describe, expect, test } from 'vitest';
import { load, problemsOf } from './load-config.ts';

describe('what is no good YAML is told with its line and nothing of its content', () => {
  test.each<[string, string, RegExp]>([
    ['a duplicate key', 'owner: a\nowner: b\n', /^kc\.yml:2: the key "owner" is there twice$/],
    ['a tab', 'consul:\n\ttoken: hush\n', /^kc\.yml:2: .*spaces/],
    ['two documents', 'owner: a\n---\nowner: b\n', /^kc\.yml:2: .*one document/],
    ['a reserved character', 'consul:\n  token: @hush\n', /^kc\.yml:2: .*quotes/],
    ['a quote left open', 'consul:\n  token: "hush\n', /^kc\.yml:\d: /],
    ['text after a quote', 'consul:\n  token: "a" hush\n', /^kc\.yml:2: /],
    ['a colon without a space', 'consul:\n  token:hush\n  addr: x\n', /^kc\.yml:2: .*"key: value"/],
    ['an escape', 'consul:\n  token: "hush\\qhush"\n', /^kc\.yml:2: .*single quotes/],
    ['text after a bar', 'consul:\n  token: |hush\n', /^kc\.yml:2: this is no good YAML/],
    ['a bracket too many', 'consul: {token: hush]}\n', /^kc\.yml:1: /],
    ['an alias of nothing', 'consul:\n  token: *hush\n', /^kc\.yml:2: .*alias/],
    ['an alias of itself', 'upstreams: &all\n  web: *all\n', /^kc\.yml:2: .*itself/],
    [
      'aliases that multiply',
      [
        'consul:',
        ...Array.from(
          { length: 9 },
          (_, at) => `  a${at}: &a${at} [${at === 0 ? 'hush' : Array(9).fill(`*a${at - 1}`)}]`,
        ),
      ].join('\n'),
      /^kc\.yml:1: .*aliases/,
    ],
    ['a tag', 'consul:\n  token: !hush x\n', /^kc\.yml:2: .*tag/],
    ['a list as a key', '? [a]\n: b\n', /^kc\.yml:1: /],
    ['a list', '- hush\n', /^kc\.yml:1: expected keys and values/],
    ['text', 'hush\n', /^kc\.yml:1: expected keys and values/],
  ])('%s', async (_, file, expected) => {
    const problems = await problemsOf({ file });
    expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
    expect(problems.join('\n')).not.toContain('hush');
  });
});

test('a byte order mark and CRLF do not shift lines', async () => {
  expect(await problemsOf({ file: '\ufeffowner: x\r\nkong:\r\n  concurrency: 0\r\n' })).toEqual([
    expect.stringMatching(/^kc\.yml:3: kong\.concurrency: /),
  ]);
});

test.each([
  'consul:\nkong:\nsources:\nlog:\nupstreams:\n',
  'owner:\nconsul: { token: }\nhold_seconds:\nkong: { header: }\n',
])('an empty value is an unset key: %j', async (file) => {
  const { owner, consul, kong, upstreams } = await load({ file });
  expect({ owner, token: consul.token, headers: kong.headers, upstreams }).toEqual({
    owner: 'default',
    token: undefined,
    headers: {},
    upstreams: [],
  });
});

test('a header without a value is a mistake, not an unset key', async () => {
  expect(await problemsOf({ file: 'kong:\n  header:\n    Authorization:\n' })).toEqual([
    expect.stringMatching(/^kc\.yml:3: kong\.header\.Authorization: /),
  ]);
});

test('upstreams share settings by anchors, aliases and merge keys, however many they are', async () => {
  const shared = Array.from({ length: 500 }, (_, at) => `  w${at}: { <<: *base, service: s${at} }\n  x${at}: *base\n`);
  const { upstreams } = await load({ file: `upstreams:\n  a: &base { passing_only: true }\n${shared.join('')}` });
  expect(upstreams).toHaveLength(1001);
  expect(upstreams.every(({ block }) => block.options.passingOnly)).toBe(true);
  expect(upstreams.at(1)).toMatchObject({ name: 'w0', line: 3, block: { service: 's0' } });
});
