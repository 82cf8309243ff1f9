import type { Origin } from './config.ts';
import { nearest } from './nearest.ts';
import { flagName, type OptionSpec, optionsTable } from './options-table.ts';

/** Keys and values from one place, and what is wrong with them. */
export interface Layer {
  readonly origin: Origin;
  readonly values: ReadonlyMap<string, unknown>;
  /** By key: the variable or flag that its value came from. */
  readonly names: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

const OWN_PREFIX = 'KONG_CONSUL_';
const CONFIG_VARIABLE = 'KONG_CONSUL_CONFIG';
/** What Kubernetes sets in every pod beside a Service named `kong-consul`. */
const KUBERNETES = /_SERVICE_HOST$|_SERVICE_PORT(_|$)|_CONSUL_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/** The variables of our table, Consul's own among them; an empty one counts as not set. */
export function environmentLayer(env: Readonly<Record<string, string | undefined>>): Layer {
  const values = new Map<string, unknown>();
  const names = new Map<string, string>();
  const problems: string[] = [];
  for (const spec of optionsTable) {
    const name = spec.env.find((candidate) => isSet(env[candidate]));
    if (name === undefined) continue;
    names.set(spec.key, name);
    const parsed = fromText(spec, partsOf(spec, env[name] ?? ''));
    if (parsed.ok) values.set(spec.key, parsed.value);
    else problems.push(`${name} (environment): ${parsed.problem}`);
  }
  return { origin: 'environment', values, names, problems: [...problems, ...unknownVariables(env)] };
}

/** What commander gives, by its own names. */
export function flagLayer(flags: Readonly<Record<string, unknown>>): Layer {
  const values = new Map<string, unknown>();
  const names = new Map<string, string>();
  const problems: string[] = [];
  for (const spec of optionsTable) {
    const given = flags[flagName(spec.key)];
    if (given === undefined) continue;
    const name = spec.flag?.split(' ')[0] ?? spec.key;
    names.set(spec.key, name);
    const parsed = fromText(spec, given);
    if (parsed.ok) values.set(spec.key, parsed.value);
    else problems.push(`${name} (flag): ${parsed.problem}`);
  }
  return { origin: 'flag', values, names, problems };
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

/** Lists are split at commas, headers at lines: a header's value may have commas. */
function partsOf({ kind }: OptionSpec, text: string): string | readonly string[] {
  if (kind !== 'list' && kind !== 'headers') return text;
  return text
    .split(kind === 'list' ? ',' : '\n')
    .map((part) => part.trim())
    .filter((part) => part !== '');
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
  const headers = new Map<string, readonly [string, string]>();
  for (const line of (Array.isArray(given) ? given : [given]).map(String)) {
    const at = line.indexOf(':');
    if (at < 1) return { ok: false, problem: 'expected "Name: value"' };
    const name = line.slice(0, at).trim();
    if (headers.has(name.toLowerCase())) return { ok: false, problem: `the header "${name}" is there twice` };
    headers.set(name.toLowerCase(), [name, line.slice(at + 1).trim()]);
  }
  return { ok: true, value: Object.fromEntries(headers.values()) };
}

function unknownVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = [CONFIG_VARIABLE, ...optionsTable.flatMap((spec) => spec.env)];
  return Object.keys(env)
    .filter((name) => name.startsWith(OWN_PREFIX) && !known.includes(name) && !KUBERNETES.test(name))
    .sort()
    .map((name) => {
      const meant = nearest(name, known);
      return `${name} (environment): unknown variable${meant === undefined ? '' : `, did you mean ${meant}?`}`;
    });
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
