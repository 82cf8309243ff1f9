import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { configJsonSchema } from '../../sidecar/src/config/json-schema.ts';
import { optionsTable } from '../../sidecar/src/config/options-table.ts';

test('every option is a key of the file, with its meaning and default, and no key is required', () => {
  const schema = configJsonSchema();
  for (const { key, description, fallback } of optionsTable) {
    const path = key.split('.').join('.properties.');
    expect(schema, key).toHaveProperty(`properties.${path}.description`, description);
    if (fallback !== undefined) expect(schema, key).toHaveProperty(`properties.${path}.default`, fallback);
  }
  expect(schema).not.toHaveProperty('required');
  expect(schema).not.toHaveProperty('properties.kong.required');
});

test('every key of the file but upstreams is an option', () => {
  const sections = ['consul', 'kong', 'sources', 'log'];
  const keys = ['', ...sections].flatMap((section) =>
    propertiesOf(configJsonSchema(), section).map((name) => (section === '' ? name : `${section}.${name}`)),
  );
  const options = optionsTable.map(({ key }) => key);
  expect(keys.filter((key) => !sections.includes(key) && key !== 'upstreams').sort()).toEqual([...options].sort());
});

test('every key of a binding says what it is for, and the README has it', async () => {
  const block = field(field(field(configJsonSchema(), 'properties'), 'upstreams'), 'additionalProperties');
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const table = /### Keys of a binding(?<table>[\s\S]*?)\n## /.exec(readme)?.groups?.table ?? '';
  const keys = Object.entries(Object(field(block, 'properties')));
  expect(keys.length).toBeGreaterThan(10);
  for (const [key, described] of keys) {
    expect(described, key).toHaveProperty('description');
    expect(table).toContain(`\`${key}\``);
  }
});

test('an unknown key is refused by editors too, and several Admin URLs or one are not', () => {
  expect(configJsonSchema()).toMatchObject({
    additionalProperties: false,
    properties: {
      kong: {
        additionalProperties: false,
        properties: { admin_url: { anyOf: [{ type: 'string' }, { type: 'array' }] } },
      },
      upstreams: { additionalProperties: { additionalProperties: false, properties: { port: { maximum: 65_535 } } } },
    },
  });
});

function propertiesOf(schema: unknown, section: string): readonly string[] {
  const at = section === '' ? schema : field(field(schema, 'properties'), section);
  return Object.keys(Object(field(at, 'properties')));
}

function field(value: unknown, name: string): unknown {
  return Reflect.get(Object(value), name);
}
