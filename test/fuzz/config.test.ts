import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { ConfigError } from '../../sidecar/src/config/config-error.ts';
import { effectiveConfig } from '../../sidecar/src/config/effective-config.ts';
import { flagName, optionsTable } from '../../sidecar/src/config/options-table.ts';
import { type Given, load } from '../config/load-config.ts';
import { fuzz } from './fuzz.ts';
import { deepText, mutated, nastyName } from './nasty.ts';
import { configFile } from './samples.ts';

/** Lines as people and machines get them wrong. */
const LINES = [
  'owner: edge',
  'owner: &a hush',
  'owner: *a',
  'upstreams: &all',
  '  web: *all',
  '  web: {}',
  '  web:',
  '    <<: *all',
  '    tags: [v1, v2]',
  '    service: "x"',
  'consul:',
  '  token: hush',
  '  token: &t [*t]',
  '\ttoken: hush',
  'kong: { header: { A: hush } }',
  '__proto__: { polluted: true }',
  'constructor: { prototype: { polluted: true } }',
  '? [a]\n: b',
  '- a',
  '---',
  '...',
  '%YAML 1.1',
  '!!js/function x',
  '"a',
  'a: |\n  hush',
  'a: >-',
  '{',
  ']',
  deepText(3_000),
  '- '.repeat(3_000),
  'a:\n '.repeat(200),
  `owner: ${'x'.repeat(10_000)}`,
  `${'k'.repeat(10_000)}: 1`,
  '# comment',
  '\ufeff',
  '\r',
  '\0',
] as const;

const yamlLines = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...LINES) }, { weight: 1, arbitrary: nastyName }), {
    maxLength: 12,
  })
  .map((lines) => lines.join('\n'));
const changed = mutated(configFile).map((content) => stringify(content));
const spoilt = fc
  .tuple(changed, fc.nat(), nastyName)
  .map(([text, at, other]) => `${text.slice(0, at % text.length)}${other}${text.slice(at % text.length)}`);

describe('a configuration is used, or refused with all of its mistakes', () => {
  fuzz('from a file of any text', fc.oneof(yamlLines, fc.string({ unit: 'binary', maxLength: 300 })), (file) =>
    isUsedOrRefused({ file }),
  );

  fuzz('from a file that was right once', fc.oneof(changed, spoilt), (file) => isUsedOrRefused({ file }));

  const environment = fc.dictionary(
    fc.oneof(
      fc.constantFrom(...optionsTable.flatMap(({ env }) => env)),
      nastyName.map((name) => `KONG_CONSUL_${name}`),
    ),
    nastyName,
    { maxKeys: 4 },
  );
  fuzz('from any environment', environment, (env) => isUsedOrRefused({ env }));

  const values = fc.oneof(nastyName, fc.array(nastyName, { maxLength: 3 }));
  const flags = fc.dictionary(fc.constantFrom(...optionsTable.map(({ key }) => flagName(key))), values, { maxKeys: 4 });
  fuzz('from any flags', flags, (given) => isUsedOrRefused({ flags: given }));
});

async function isUsedOrRefused(given: Given): Promise<void> {
  const config = await load(given).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message.length).toBeLessThan(20_000);
    return undefined;
  });
  if (config === undefined) return;
  const headers = Object.values(config.kong.headers);
  const tokens = [config.consul.token, config.kong.adminToken, config.listenToken].filter(
    (token) => token !== undefined,
  );
  for (const text of [...headers, ...tokens]) expect(text).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/);
  for (const { name } of config.upstreams) expect(name).toMatch(/^[\w.-]+$/);
  expect(config.owner).toMatch(/^[\x20-\x7e]+$/);
  expect(config.kong.workspace ?? 'none').not.toMatch(/^\.{1,2}$/);
  const shown = JSON.stringify(effectiveConfig(config));
  for (const secret of [...headers, ...tokens])
    if (secret.length > 8) expect(shown).not.toContain(JSON.stringify(secret).slice(1, -1));
  parse(shown);
}
