import { z } from 'zod';
import { type OptionSpec, optionsTable } from './options-table.ts';
import { configSchema } from './schema.ts';
import { isRecord } from './unset.ts';

type Schema = Readonly<Record<string, unknown>>;

/** The JSON Schema of the config file, for editors: what may be in it, with the options' meanings and defaults. */
export function configJsonSchema(): Schema {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  return { title: 'kong-consul config file', ...withOptions(schema, '') };
}

/** The schema checks the file after defaults were laid under it, so as a file no key is required. */
function withOptions({ required: _, ...schema }: Schema, prefix: string): Schema {
  if (!isRecord(schema.properties)) return schema;
  const properties = Object.entries(schema.properties).map(([name, inner]) => {
    const key = `${prefix}${name}`;
    const option = optionsTable.find((spec) => spec.key === key);
    if (option !== undefined) return [name, { ...describe(option), ...(isRecord(inner) ? inner : {}) }];
    return [name, isSection(key) && isRecord(inner) ? withOptions(inner, `${key}.`) : inner];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

function describe({ description, fallback }: OptionSpec): Schema {
  return { description, ...(fallback !== undefined && { default: fallback }) };
}

function isSection(key: string): boolean {
  return optionsTable.some((spec) => spec.key.startsWith(`${key}.`));
}
