import { describe, expect, test } from 'vitest';
import { parseBindingBlock } from '../../sidecar/src/config/binding-block.ts';
import { problemsOf } from './load-config.ts';

const unset = { passingOnly: false, onNoHealthy: 'keep', panicThreshold: 0, adopt: false };

describe("a plugin's config as Kong gives it", () => {
  test('null is unset, at any depth', () => {
    const config = {
      service: null,
      tags: null,
      port: null,
      upstream: { slots: null, client_certificate: null },
      healthchecks: { threshold: null, active: { headers: null, healthy: { interval: 5, http_statuses: null } } },
    };
    expect(parseBindingBlock(config, 'plugin')).toEqual({
      ok: true,
      block: {
        tags: [],
        options: { ...unset, settings: { healthchecks: { active: { healthy: { interval: 5 } } } } },
      },
    });
  });

  test('what a newer plugin knows is left out, at any depth', () => {
    const config = {
      newer: 1,
      service: 'web',
      upstream: { newer: 1, slots: 100 },
      healthchecks: { newer: 1, active: { newer: 1, healthy: { newer: 1, successes: 2 } }, passive: { newer: {} } },
    };
    expect(parseBindingBlock(config, 'plugin')).toMatchObject({
      ok: true,
      block: {
        service: 'web',
        options: {
          settings: { slots: 100, healthchecks: { active: { healthy: { successes: 2 } }, passive: {} } },
        },
      },
    });
  });

  test('what cannot be used is named', () => {
    expect(parseBindingBlock({ port: 0, on_no_healthy: 'flee' }, 'plugin')).toEqual({
      ok: false,
      problems: [expect.stringMatching(/^on_no_healthy: /), expect.stringMatching(/^port: /)],
    });
  });
});

test('every key of a block', () => {
  const config = {
    service: 'web',
    tags: ['a', 'b'],
    filter: 'Service.Meta.x == "1"',
    datacenter: 'dc2',
    namespace: 'n',
    partition: 'p',
    passing_only: true,
    on_no_healthy: 'remove',
    panic_threshold: 50,
    address_tag: 'wan',
    port: 8080,
    adopt: true,
    upstream: { algorithm: 'latency', client_certificate: { id: 'c' } },
    healthchecks: { threshold: 10 },
  };
  expect(parseBindingBlock(config, 'file')).toEqual({
    ok: true,
    block: {
      service: 'web',
      tags: ['a', 'b'],
      filter: 'Service.Meta.x == "1"',
      datacenter: 'dc2',
      namespace: 'n',
      partition: 'p',
      options: {
        passingOnly: true,
        onNoHealthy: 'remove',
        panicThreshold: 50,
        addressTag: 'wan',
        port: 8080,
        adopt: true,
        settings: { algorithm: 'latency', client_certificate: { id: 'c' }, healthchecks: { threshold: 10 } },
      },
    },
  });
});

describe('a mistake in a block of the file is named with its own line', () => {
  test.each<[string, string, string]>([
    ['out of range', 'panic_threshold: 101', 'panic_threshold: .*100'],
    ['wrong type', 'passing_only: maybe', 'passing_only: expected true or false'],
    ['an unknown key', 'tgas: [a]', 'tgas: unknown key, did you mean "tags"\\?'],
    ['a number among tags', 'tags: [a, 1]', 'tags\\.1: expected text.*quotes'],
    ['slots', 'upstream: { slots: 9 }', 'upstream\\.slots: .*10'],
    ['an unknown word', 'upstream: { hash_on: ipp }', 'upstream\\.hash_on: .*"ip"'],
    [
      'a deep key',
      'healthchecks: { active: { timeot: 1 } }',
      'active\\.timeot: unknown key, did you mean "timeout"\\?',
    ],
    [
      'a key in the wrong place',
      'algorithm: latency',
      'algorithm: unknown key, did you mean "upstream\\.algorithm"\\?',
    ],
  ])('%s, beside another one', async (_, line, expected) => {
    const problems = await problemsOf({ file: `upstreams:\n  web:\n    port: 0\n    ${line}\n` });
    expect(problems).toContainEqual(expect.stringMatching(/^kc\.yml:3: upstreams\.web\.port: /));
    expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^kc\\.yml:4: upstreams\\.web\\..*${expected}`)));
  });

  test.each([
    ['hash_on: header', 'hash_on', 'hash_on_header'],
    ['hash_on: cookie', 'hash_on', 'hash_on_cookie'],
    ['hash_on: ip, hash_fallback: query_arg', 'hash_fallback', 'hash_fallback_query_arg'],
    ['hash_on: ip, hash_fallback: cookie', 'hash_fallback', 'hash_on_cookie'],
  ])('%s needs its input', async (upstream, key, needed) => {
    expect(await problemsOf({ file: `upstreams:\n  web:\n    upstream: { ${upstream} }\n` })).toEqual([
      `kc.yml:3: upstreams.web.upstream.${key}: needs upstream.${needed} beside it`,
    ]);
  });
});
