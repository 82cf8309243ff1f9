import type { Json, JsonObject } from './binding.ts';
import type { ActiveChecks, FailureLimits, HealthCheckContext, HealthChecks, PassiveChecks } from './health-checks.ts';
import { probeOf } from './protocols.ts';

interface Numbers {
  readonly active: {
    readonly healthy: { readonly interval: number; readonly successes: number };
    readonly unhealthy: Omit<FailureLimits, 'http_statuses'> & { readonly interval: number };
  };
  readonly passive: {
    readonly healthy: { readonly successes: number };
    readonly unhealthy: Omit<FailureLimits, 'http_statuses'>;
  };
}

/**
 * Good answers reset Kong's failure counters only where `successes` is above 0, so `passive.healthy.successes` is not 0:
 * five errors in a million answers would eject a target.
 */
const ON: Numbers = {
  active: {
    healthy: { interval: 5, successes: 2 },
    unhealthy: { interval: 5, tcp_failures: 3, timeouts: 3, http_failures: 3 },
  },
  passive: { healthy: { successes: 5 }, unhealthy: { tcp_failures: 3, timeouts: 5, http_failures: 5 } },
};

const OFF: Numbers = {
  active: {
    healthy: { interval: 0, successes: 0 },
    unhealthy: { interval: 0, tcp_failures: 0, timeouts: 0, http_failures: 0 },
  },
  passive: { healthy: { successes: 0 }, unhealthy: { tcp_failures: 0, timeouts: 0, http_failures: 0 } },
};

const REGISTERED = [
  ...range(200, 208),
  226,
  ...range(300, 308),
  ...range(400, 418),
  ...range(421, 426),
  428,
  429,
  431,
  451,
  ...range(500, 508),
  510,
  511,
];
const ALIVE = REGISTERED.filter((status) => status < 500);
const REFUSED = REGISTERED.filter((status) => status >= 400);
const BROKEN = REGISTERED.filter((status) => status >= 500);
const SUCCESS = REGISTERED.filter((status) => status < 400);
const KONG_HEALTHY = [200, 302];

/**
 * The whole `healthchecks` of an upstream from what was given; `null` (Kong's word for unset) and a missing field are the
 * same. The plugin holds the same rules (`defaults.lua`).
 *
 * | unset                                         | becomes                                                    |
 * | --------------------------------------------- | ---------------------------------------------------------- |
 * | `active.type`                                 | what fits the protocols: http, https, tcp; no checks at all on gRPC and UDP |
 * | `active.*.http_statuses`, no `http_path` given | below 500 healthy, from 500 unhealthy                     |
 * | `active.*.http_statuses`, `http_path` given   | 200 and 302 healthy, from 400 unhealthy                    |
 * | `active.https_verify_certificate`             | false if https comes from the protocols and no server name is known |
 * | one of two status lists                       | its default without what is in the other                   |
 */
export function completeHealthChecks(given: JsonObject, context: HealthCheckContext = {}): HealthChecks {
  const off = isUnprobed(given, context);
  return {
    active: completeActive(recordIn(given, 'active'), context, off),
    passive: completePassive(recordIn(given, 'passive'), context, off),
    threshold: numberIn(given, 'threshold', 0),
  };
}

/**
 * Whether Kong has no probe for these protocols and none was given: then checks stay off, for without a probe an ejected
 * target is lost.
 */
export function isUnprobed(given: JsonObject, context: HealthCheckContext): boolean {
  return textIn(recordIn(given, 'active'), 'type') === undefined && probeOf(context.protocols ?? []) === 'none';
}

function completeActive(active: JsonObject, context: HealthCheckContext, off: boolean): ActiveChecks {
  const probe = probeOf(context.protocols ?? []);
  const type = textIn(active, 'type');
  const httpPath = textIn(active, 'http_path');
  const sni = textIn(active, 'https_sni');
  const { headers } = active;
  const [healthy, unhealthy] = [recordIn(active, 'healthy'), recordIn(active, 'unhealthy')];
  const statuses = fillStatuses(
    healthy,
    unhealthy,
    httpPath === undefined ? { good: ALIVE, bad: BROKEN } : { good: KONG_HEALTHY, bad: REFUSED },
  );
  const nameless = sni === undefined && context.hostHeader === undefined;
  const numbers = off ? OFF.active : ON.active;
  return {
    type: type ?? (probe === 'none' ? 'http' : probe),
    timeout: numberIn(active, 'timeout', 1),
    concurrency: numberIn(active, 'concurrency', 10),
    http_path: httpPath ?? '/',
    ...(sni !== undefined && { https_sni: sni }),
    https_verify_certificate:
      booleanIn(active, 'https_verify_certificate') ?? !(type === undefined && probe === 'https' && nameless),
    ...(isObject(headers) && { headers }),
    healthy: { ...fill(numbers.healthy, healthy, off), http_statuses: statuses.good },
    unhealthy: { ...fill(numbers.unhealthy, unhealthy, off), http_statuses: statuses.bad },
  };
}

function completePassive(passive: JsonObject, context: HealthCheckContext, off: boolean): PassiveChecks {
  const [healthy, unhealthy] = [recordIn(passive, 'healthy'), recordIn(passive, 'unhealthy')];
  const statuses = fillStatuses(healthy, unhealthy, { good: SUCCESS, bad: BROKEN });
  const numbers = off ? OFF.passive : ON.passive;
  return {
    type: textIn(passive, 'type') ?? (probeOf(context.protocols ?? []) === 'tcp' ? 'tcp' : 'http'),
    healthy: { ...fill(numbers.healthy, healthy, off), http_statuses: statuses.good },
    unhealthy: { ...fill(numbers.unhealthy, unhealthy, off), http_statuses: statuses.bad },
  };
}

interface Verdicts {
  readonly good: readonly number[];
  readonly bad: readonly number[];
}

function fillStatuses(healthy: JsonObject, unhealthy: JsonObject, defaults: Verdicts): Verdicts {
  const good = statusesIn(healthy);
  const bad = statusesIn(unhealthy);
  return {
    good: good ?? defaults.good.filter((status) => !bad?.includes(status)),
    bad: bad ?? defaults.bad.filter((status) => !good?.includes(status)),
  };
}

function fill<Defaults extends { readonly [name: string]: number }>(
  defaults: Defaults,
  given: JsonObject,
  off: boolean,
): Defaults {
  if (off) return defaults;
  const known = Object.keys(defaults).flatMap((name) => {
    const value = given[name];
    return typeof value === 'number' ? [[name, value]] : [];
  });
  return { ...defaults, ...Object.fromEntries(known) };
}

/** The status list under `http_statuses`, or undefined when none was given. */
export function statusesIn(record: JsonObject): readonly number[] | undefined {
  const { http_statuses: statuses } = record;
  return isList(statuses) ? statuses.filter((status) => typeof status === 'number') : undefined;
}

/** The record under `key`, empty when none was given. */
export function recordIn(record: JsonObject, key: string): JsonObject {
  const value = record[key];
  return isObject(value) ? value : {};
}

function numberIn(record: JsonObject, key: string, otherwise: number): number {
  const value = record[key];
  return typeof value === 'number' ? value : otherwise;
}

function textIn(record: JsonObject, key: string): string | undefined {
  const value = record[key];
  return typeof value === 'string' ? value : undefined;
}

function booleanIn(record: JsonObject, key: string): boolean | undefined {
  const value = record[key];
  return typeof value === 'boolean' ? value : undefined;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}
