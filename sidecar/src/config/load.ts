import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigFile, parseConfigFile } from './config-file.ts';
import { mistakesOf } from './issues.ts';
import { configPath, environmentLayer, flagLayer, type Layer } from './layers.ts';
import { type Merged, mergeLayers } from './merge.ts';
import { configSchema } from './schema.ts';
import { toConfig } from './to-config.ts';

/** Where the configuration comes from. */
export interface ConfigInput {
  /** As commander gives them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<string>;
}

/**
 * Flags over environment over file over defaults, each key for itself.
 * @throws ConfigError that names every mistake, where it is and how to mend it
 */
export async function loadConfig({ flags, env, readFile }: ConfigInput): Promise<Config> {
  const path = configPath(flags, env);
  const file = path === undefined ? undefined : await readConfigFile(path, readFile);
  const layers = [environmentLayer(env), flagLayer(flags)];
  const { raw, origins } = mergeLayers(file?.content ?? {}, layers);
  const problems = [...(file?.problems ?? []), ...layers.flatMap((layer) => layer.problems)];

  const result = configSchema.safeParse(raw);
  if (result.success && problems.length === 0) {
    return toConfig(result.data, {
      path,
      origins,
      places: placesOf(origins, layers, file),
      lineOf: (key) => file?.lineOf(key) ?? 0,
    });
  }
  const mistakes = result.success ? [] : mistakesOf(result.error, configSchema);
  throw new ConfigError([...problems, ...mistakes.map((one) => `${place(one.path, origins, file)}: ${one.text}`)]);
}

async function readConfigFile(path: string, readFile: ConfigInput['readFile']): Promise<ConfigFile> {
  return parseConfigFile(path, await readText(path, readFile));
}

async function readText(path: string, readFile: ConfigInput['readFile']): Promise<string> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError([`${path}: cannot be read (${code}); --config or KONG_CONSUL_CONFIG names it`]);
  }
}

/** For each key that is set: the flag, the variable, or the line of the file. */
function placesOf(
  origins: Merged['origins'],
  layers: readonly Layer[],
  file: ConfigFile | undefined,
): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const [key, origin] of origins) {
    const place =
      origin === 'file'
        ? file?.locate(key.split('.'))
        : layers.find((layer) => layer.origin === origin)?.names.get(key);
    if (place !== undefined) places.set(key, place);
  }
  return places;
}

/** The line of the file, or the key and where its value came from. */
function place(key: readonly string[], origins: Merged['origins'], file: ConfigFile | undefined): string {
  const name = key.join('.') || 'the file';
  const option = [...origins.keys()].find((candidate) => name === candidate || name.startsWith(`${candidate}.`));
  const origin = option === undefined ? 'file' : (origins.get(option) ?? 'file');
  return origin === 'file' && file !== undefined ? `${file.locate(key)}: ${name}` : `${name} (${origin})`;
}
