import type { z } from 'zod';
import { isUpstreamName } from '../core/address.ts';
import type { JsonObject } from '../core/binding.ts';
import { recordIn } from '../core/health-check-defaults.ts';
import { lintHealthChecks } from '../core/health-check-lint.ts';
import { parseBindingBlock } from './binding-block.ts';
import type { Config, FileUpstream, Origin } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigFile, isRecord, parseConfigFile } from './config-file.ts';
import { mistakesOf } from './issues.ts';
import { configPath, defaultLayer, environmentLayer, flagLayer, type Layer } from './layers.ts';
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
  const layers = [defaultLayer(), environmentLayer(env), flagLayer(flags)] as const;
  const { raw, origins } = merge(file, layers);
  const problems = [...(file?.problems ?? []), ...layers.flatMap((layer) => layer.problems)];

  const result = configSchema.safeParse(raw);
  if (!result.success) {
    const known = mistakesOf(result.error, configSchema).map(
      ({ path: key, text }) => `${place(key, origins, file)}: ${text}`,
    );
    throw new ConfigError([...problems, ...known]);
  }
  const upstreams = readUpstreams(result.data.upstreams ?? {}, file);
  const all = [...problems, ...upstreams.problems];
  const config = toConfig(result.data, { path, origins, upstreams: upstreams.list });
  if (!config.ok) all.push(...config.problems);
  if (all.length > 0 || !config.ok) throw new ConfigError(all);
  return config.config;
}

async function readConfigFile(path: string, readFile: (path: string) => Promise<string>): Promise<ConfigFile> {
  try {
    return parseConfigFile(path, await readFile(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError([`${path}: cannot be read (${code}); --config or KONG_CONSUL_CONFIG names it`]);
  }
}

interface Merged {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly origins: ReadonlyMap<string, Origin>;
}

/** The file is the base; defaults fill its gaps, environment and flags go over it. */
function merge(file: ConfigFile | undefined, [defaults, environment, flags]: readonly [Layer, Layer, Layer]): Merged {
  const origins = new Map<string, Origin>();
  const raw: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(file?.content ?? {})) put(raw, key, isRecord(value) ? { ...value } : value);
  for (const [key, value] of defaults.values) {
    const isGiven = valueAt(raw, key.split('.')) !== undefined;
    origins.set(key, isGiven ? 'file' : 'default');
    if (!isGiven) setAt(raw, key.split('.'), value);
  }
  for (const layer of [environment, flags]) {
    for (const [key, value] of layer.values) {
      origins.set(key, layer.origin);
      setAt(raw, key.split('.'), value);
    }
  }
  return { raw, origins };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (!isRecord(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** A value where the file has something else than a map is left for the schema to complain about. */
function setAt(raw: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    put(raw, key, value);
    return;
  }
  const below = Object.hasOwn(raw, key) ? raw[key] : {};
  if (below !== null && !isRecord(below)) return;
  const copy = { ...below };
  setAt(copy, rest, value);
  put(raw, key, copy);
}

/** Never through a setter: a key named `__proto__` is a key like any other. */
function put(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

function place(key: readonly string[], origins: ReadonlyMap<string, Origin>, file: ConfigFile | undefined): string {
  const name = key.join('.') || 'the file';
  const option = [...origins.keys()].find((candidate) => name === candidate || name.startsWith(`${candidate}.`));
  const origin = option === undefined ? 'file' : (origins.get(option) ?? 'file');
  return origin === 'file' && file !== undefined ? `${file.locate(key)}: ${name}` : `${name} (${origin})`;
}

type RawUpstreams = NonNullable<z.infer<typeof configSchema>['upstreams']>;

function readUpstreams(
  raw: RawUpstreams,
  file: ConfigFile | undefined,
): { readonly list: readonly FileUpstream[]; readonly problems: readonly string[] } {
  const list: FileUpstream[] = [];
  const problems: string[] = [];
  for (const [name, block] of Object.entries(raw)) {
    const at = `${file?.locate(['upstreams', name]) ?? 'upstreams'}: upstreams.${name}`;
    if (!isUpstreamName(name)) problems.push(`${at}: no upstream can be named so: expected a host name without a port`);
    const parsed = parseBindingBlock(block, 'file');
    if (!parsed.ok) {
      problems.push(...parsed.problems.map((problem) => `${at}.${problem}`));
      continue;
    }
    problems.push(...refusals(parsed.block.options.settings).map((text) => `${at}.${text}`));
    list.push({ name, line: file?.lineOf(['upstreams', name]) ?? 0, block: parsed.block });
  }
  return { list, problems };
}

/** What the plugin's schema refuses too: the same rules. */
function refusals(settings: JsonObject): readonly string[] {
  if (settings.healthchecks === undefined) return [];
  const { host_header: hostHeader } = settings;
  const context = typeof hostHeader === 'string' ? { hostHeader } : {};
  return lintHealthChecks(recordIn(settings, 'healthchecks'), context)
    .filter(({ level }) => level === 'error')
    .map(({ path, message }) => `healthchecks.${path}: ${message}`);
}
