import type { Json, JsonObject } from '../core/binding.ts';
import type { BindingBlock } from '../core/resolve-bindings.ts';
import type { Config, Origin } from './config.ts';
import { optionsTable } from './options-table.ts';
import { isRecord } from './unset.ts';
import { maskUrl } from './url.ts';

/** One key as it is in use; `null` when it is not set. */
export interface EffectiveOption {
  readonly key: string;
  readonly value: Json;
  readonly origin: Origin;
  /** The flag, the variable, or `path:line` of the file; `null` for a default. */
  readonly place: string | null;
}

const MASK = '***';

/** Every option and every upstream of the file, with where it came from and without a secret. */
export function effectiveConfig(config: Config): readonly EffectiveOption[] {
  const options = optionsTable.map(({ key, secret }) => {
    const value = inUse(config, key);
    const origin = config.origins.get(key) ?? 'default';
    return { key, value: secret === true ? masked(value) : value, origin, place: config.places.get(key) ?? null };
  });
  const upstreams = config.upstreams.map(({ name, line, block }) => {
    const place = `${config.path ?? ''}:${line}`;
    return { key: `upstreams.${name}`, value: blockJson(block), origin: 'file', place } as const;
  });
  return [...options, ...upstreams];
}

function inUse(config: Config, key: string): Json {
  switch (key) {
    case 'consul.addr':
      return maskUrl(config.consul.addr);
    case 'consul.ssl':
      return config.consul.addr.startsWith('https:');
    case 'kong.admin_url':
      return config.kong.adminUrl.map(maskUrl);
    case 'kong.status_url':
      return config.kong.statusUrl.map(maskUrl);
    case 'kong.header':
      return config.kong.headers;
    case 'listen':
      return listenText(config.listen);
    default:
      return scalarAt(config, key.split('.').map(camelCase));
  }
}

function listenText(listen: Config['listen']): string {
  if (listen === undefined) return 'off';
  return listen.host.includes(':') ? `[${listen.host}]:${listen.port}` : `${listen.host}:${listen.port}`;
}

function scalarAt(value: unknown, [key, ...rest]: readonly string[]): Json {
  if (key !== undefined) return isRecord(value) ? scalarAt(value[key], rest) : null;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A secret that is not set is shown as such; of headers the names are no secret. */
function masked(value: Json): Json {
  if (value === null) return null;
  if (typeof value !== 'object') return MASK;
  return Object.fromEntries(Object.keys(value).map((name) => [name, MASK]));
}

function blockJson({ options, ...query }: BindingBlock): JsonObject {
  const { settings, ...others } = options;
  return { ...query, ...others, settings: withoutHeaderValues(settings) };
}

function withoutHeaderValues(settings: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]): [string, Json] => {
      if (key === 'headers') return [key, masked(value)];
      return [key, isJsonObject(value) ? withoutHeaderValues(value) : value];
    }),
  );
}

function isJsonObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
