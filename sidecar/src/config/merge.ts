import type { Origin } from './config.ts';
import type { Layer } from './layers.ts';
import { optionsTable } from './options-table.ts';
import { isRecord } from './unset.ts';

/** The keys of all places as one file would have them, and which place each value came from. */
export interface Merged {
  readonly raw: Readonly<Record<string, unknown>>;
  /** One for each option, `default` for one that is not set. */
  readonly origins: ReadonlyMap<string, Origin>;
}

const RANK: Readonly<Record<Origin, number>> = { flag: 3, environment: 2, file: 1, default: 0 };

/** The file is the base; `above` goes over it in this order, defaults fill the gaps. Each key is for itself. */
export function mergeLayers(file: Readonly<Record<string, unknown>>, above: readonly Layer[]): Merged {
  const origins = new Map<string, Origin>();
  let raw = file;
  for (const { key, fallback } of optionsTable) {
    const path = key.split('.');
    const layer = above.findLast(({ values }) => values.has(key));
    const isInFile = valueAt(file, path) !== undefined;
    origins.set(key, layer?.origin ?? (isInFile ? 'file' : 'default'));
    if (layer !== undefined) raw = withValue(raw, path, layer.values.get(key));
    else if (!isInFile) raw = withValue(raw, path, fallback);
  }
  return { raw: withOneToken(raw, origins), origins };
}

/** A token and a token file: the one from the higher place counts; of one place the file does, as in Consul's CLI. */
function withOneToken(raw: Merged['raw'], origins: Map<string, Origin>): Merged['raw'] {
  const [token, file] = ['consul.token', 'consul.token_file'];
  const isBoth = [token, file].every((key) => valueAt(raw, key.split('.')) !== undefined);
  if (!isBoth) return raw;
  const loser = RANK[origins.get(token) ?? 'default'] > RANK[origins.get(file) ?? 'default'] ? file : token;
  origins.set(loser, 'default');
  return withValue(raw, loser.split('.'), undefined);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (!isRecord(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** A section that is no map stays as it is, for the schema to complain about; so does none when nothing is to be set. */
function withValue(raw: Merged['raw'], [key = '', ...rest]: readonly string[], value: unknown): Merged['raw'] {
  if (rest.length === 0) {
    const others = Object.entries(raw).filter(([name]) => name !== key);
    return Object.fromEntries(value === undefined ? others : [...others, [key, value]]);
  }
  const below = Object.hasOwn(raw, key) ? raw[key] : {};
  if (!isRecord(below)) return raw;
  return Object.fromEntries([...Object.entries(raw), [key, withValue(below, rest, value)]]);
}
