import type { JsonObject } from './binding.ts';

/** What decides a default besides the given fields. */
export interface HealthCheckContext {
  /** The Kong Service's protocol, or all that may reach the upstream; none when not known. */
  readonly protocols?: readonly string[];
  /** The upstream's `host_header`, which Kong 3.5 and later also takes as TLS server name. */
  readonly hostHeader?: string;
}

/** How Kong probes, and the whole of `healthchecks.active`. */
export interface ActiveChecks extends JsonObject {
  readonly type: string;
  /** Seconds. */
  readonly timeout: number;
  readonly concurrency: number;
  readonly http_path: string;
  readonly https_verify_certificate: boolean;
  readonly healthy: {
    readonly interval: number;
    readonly successes: number;
    readonly http_statuses: readonly number[];
  };
  readonly unhealthy: FailureLimits & { readonly interval: number };
}

/** What Kong learns from traffic, and the whole of `healthchecks.passive`. */
export interface PassiveChecks extends JsonObject {
  readonly type: string;
  readonly healthy: { readonly successes: number; readonly http_statuses: readonly number[] };
  readonly unhealthy: FailureLimits;
}

/** How many failures of a kind eject a target; 0 is never. */
export type FailureLimits = {
  readonly tcp_failures: number;
  readonly timeouts: number;
  readonly http_failures: number;
  readonly http_statuses: readonly number[];
};

/** The whole `healthchecks` of a Kong upstream; `https_sni` and `headers` only where given. */
export interface HealthChecks extends JsonObject {
  readonly active: ActiveChecks;
  readonly passive: PassiveChecks;
  readonly threshold: number;
}

/** The counters of failures. */
export const FAILURES = ['tcp_failures', 'timeouts', 'http_failures'] as const;

/** One thing that is wrong with health checks: an error is refused, a warning told. */
export interface HealthCheckFinding {
  readonly level: 'error' | 'warning';
  readonly rule: HealthCheckRule;
  /** The field below `healthchecks`. */
  readonly path: string;
  /** What is wrong and how to mend it. */
  readonly message: string;
}

export type HealthCheckRule =
  | 'never-recovers'
  | 'always-down'
  | 'status-overlap'
  | 'https-without-sni'
  | 'type-skipped'
  | 'type-unsupported'
  | 'counter-too-high'
  | 'status-gap'
  | 'failures-add-up'
  | 'unprobed';

/** Counters under `active` act only when something is probed. */
export function ejects(checks: HealthChecks): boolean {
  return counts(checks.passive.unhealthy) || (probes(checks) && counts(checks.active.unhealthy));
}

/** Whether Kong probes targets at all. */
export function probes({ active }: HealthChecks): boolean {
  return active.healthy.interval > 0 || active.unhealthy.interval > 0;
}

/** Whether any number of failures ejects a target. */
export function counts(limits: FailureLimits): boolean {
  return FAILURES.some((name) => limits[name] > 0);
}
