import type { Origin } from './config.ts';
import { nearest } from './nearest.ts';
import { flagName, type OptionSpec, optionsTable } from './options-table.ts';

/** Keys and values from one place, and what is wrong with them. */
export interface Layer {
  readonly origin: Origin;
  readonly values: ReadonlyMap<string, unknown>;
  readonly problems: readonly string[];
}

const OWN_PREFIX = 'KONG_CONSUL_';
const CONFIG_VARIABLE = 'KONG_CONSUL_CONFIG';

export function defaultLayer(): Layer {
  const values = optionsTable
    .filter(({ fallback }) => fallback !== undefined)
    .map(({ key, fallback }) => [key, fallback] as const);
  return { origin: 'default', values: new Map(values), problems: [] };
}

/** The variables of our table, Consul's own among them; an empty one counts as not set. */
export function environmentLayer(env: Readonly<Record<string, string | undefined>>): Layer {
  const values = new Map<string, unknown>();
  const problems: string[] = [];
  for (const spec of optionsTable) {
    const name = spec.env.find((candidate) => isSet(env[candidate]));
    if (name === undefined) continue;
    const text = env[name] ?? '';
    const parsed = fromText(spec, spec.kind === 'list' ? text.split(',').map((part) => part.trim()) : text);
    if (parsed.ok) values.set(spec.key, parsed.value);
    else problems.push(`${name} (environment): ${parsed.problem}`);
  }
  return { origin: 'environment', values, problems: [...problems, ...unknownVariables(env)] };
}

/** What commander gives, by its own names. */
export function flagLayer(flags: Readonly<Record<string, unknown>>): Layer {
  const values = new Map<string, unknown>();
  const problems: string[] = [];
  for (const spec of optionsTable) {
    const given = flags[flagName(spec.key)];
    if (given === undefined) continue;
    const parsed = fromText(spec, given);
    if (parsed.ok) values.set(spec.key, parsed.value);
    else problems.push(`${spec.flag?.split(' ')[0] ?? spec.key} (flag): ${parsed.problem}`);
  }
  return { origin: 'flag', values, problems };
}

/** The path of the config file, and who named it. */
export function configPath(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (typeof flags.config === 'string') return flags.config;
  const named = env[CONFIG_VARIABLE];
  return isSet(named) ? named : undefined;
}

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/** Flags and variables are text; what they mean is in the table. */
function fromText(spec: OptionSpec, given: unknown): Parsed {
  switch (spec.kind) {
    case 'number':
      return numberOf(given);
    case 'boolean':
      return booleanOf(given);
    case 'headers':
      return headersOf(given);
    case 'list':
    case 'text':
      return { ok: true, value: given };
    default:
      throw new Error(`unknown kind: ${spec.kind satisfies never}`);
  }
}

function numberOf(given: unknown): Parsed {
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : Number.NaN;
  return Number.isFinite(value)
    ? { ok: true, value }
    : { ok: false, problem: `expected a number, got ${JSON.stringify(given)}` };
}

function booleanOf(given: unknown): Parsed {
  const text = String(given).toLowerCase();
  if (['true', '1', 't'].includes(text)) return { ok: true, value: true };
  if (['false', '0', 'f'].includes(text)) return { ok: true, value: false };
  return { ok: false, problem: `expected true or false, got ${JSON.stringify(given)}` };
}

function headersOf(given: unknown): Parsed {
  const lines = (Array.isArray(given) ? given : [given]).map(String);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    if (at < 1) return { ok: false, problem: 'expected "Name: value"' };
    Object.defineProperty(headers, line.slice(0, at).trim(), { value: line.slice(at + 1).trim(), enumerable: true });
  }
  return { ok: true, value: headers };
}

function unknownVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = [CONFIG_VARIABLE, ...optionsTable.flatMap((spec) => spec.env)];
  return Object.keys(env)
    .filter((name) => name.startsWith(OWN_PREFIX) && !known.includes(name))
    .sort()
    .map((name) => {
      const meant = nearest(name, known);
      return `${name} (environment): unknown variable${meant === undefined ? '' : `, did you mean ${meant}?`}`;
    });
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
