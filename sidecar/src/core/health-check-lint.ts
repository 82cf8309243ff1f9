import type { JsonObject } from './binding.ts';
import { completeHealthChecks, isUnprobed, recordIn, statusesIn } from './health-check-defaults.ts';
import {
  counts,
  ejects,
  FAILURES,
  type HealthCheckContext,
  type HealthCheckFinding,
  type HealthCheckRule,
  type HealthChecks,
  probes,
} from './health-checks.ts';
import { subsystemOf } from './protocols.ts';

interface Subject {
  readonly given: JsonObject;
  readonly checks: HealthChecks;
  readonly context: HealthCheckContext;
}

type Rule = (subject: Subject) => readonly HealthCheckFinding[];

const UNSUPPORTED = new Set(['grpc', 'grpcs']);
const SIDES = ['active', 'passive'] as const;
const MAX_COUNTER = 254;
/** What a probe commonly meets. */
const COMMON = [200, 204, 301, 302, 401, 403, 404, 429, 500, 502, 503, 504];

const RULES: readonly Rule[] = [
  checkRecovery,
  checkThreshold,
  checkOverlap,
  checkServerName,
  checkType,
  checkSupported,
  checkCounters,
  checkGap,
  checkReset,
  checkProbed,
];

/**
 * Health checks that Kong takes but that would hurt. The plugin holds the same rules with the same words (`lint.lua`);
 * `test/lint-cases.json` proves both.
 *
 * | rule                | level   | why                                                           |
 * | ------------------- | ------- | ------------------------------------------------------------- |
 * | `never-recovers`    | error   | ejected targets are lost (https://github.com/Kong/kong/issues/7566) |
 * | `always-down`       | error   | threshold 100 answers 503 for ever                            |
 * | `status-overlap`    | error   | Kong counts it as healthy only                                |
 * | `https-without-sni` | error   | an IP address is in no certificate                            |
 * | `type-skipped`      | error   | http upstreams get no tcp probes, stream ones only those      |
 * | `type-unsupported`  | error   | grpc breaks the upstream (https://github.com/Kong/kong/issues/13336) |
 * | `counter-too-high`  | error   | Kong takes 255, its health checker 254 at most                |
 * | `status-gap`        | warning | no verdict, the state freezes (https://github.com/Kong/kong/issues/15001) |
 * | `failures-add-up`   | warning | good answers do not reset the counters                        |
 * | `unprobed`          | warning | Kong has no probe for gRPC and UDP                            |
 */
export function lintHealthChecks(given: JsonObject, context: HealthCheckContext = {}): readonly HealthCheckFinding[] {
  const subject = { given, checks: completeHealthChecks(given, context), context };
  return RULES.flatMap((rule) => rule(subject));
}

function checkRecovery({ checks }: Subject): readonly HealthCheckFinding[] {
  if (!ejects(checks)) return [];
  const { healthy, unhealthy, type } = checks.active;
  const lost = (path: string, message: string) => finding('error', 'never-recovers', path, message);
  return [
    ...when(unhealthy.interval === 0, () =>
      lost(
        'active.unhealthy.interval',
        'an ejected target is not probed, so it never comes back; set active.unhealthy.interval above 0, or all unhealthy counters to 0',
      ),
    ),
    ...when(healthy.successes === 0, () =>
      lost(
        'active.healthy.successes',
        'no number of good probes brings an ejected target back; set active.healthy.successes above 0, or all unhealthy counters to 0',
      ),
    ),
    ...when(type !== 'tcp' && healthy.http_statuses.length === 0, () =>
      lost(
        'active.healthy.http_statuses',
        'no answer counts as good, so an ejected target never comes back; list a status in active.healthy.http_statuses, or set all unhealthy counters to 0',
      ),
    ),
  ];
}

function checkThreshold({ checks }: Subject): readonly HealthCheckFinding[] {
  return when(checks.threshold >= 100, () =>
    finding(
      'error',
      'always-down',
      'threshold',
      'Kong answers 503 unless more than this percentage of the targets is up, which can never be; set threshold below 100',
    ),
  );
}

function checkOverlap({ checks }: Subject): readonly HealthCheckFinding[] {
  return SIDES.flatMap((side) => {
    const unhealthy = new Set(checks[side].unhealthy.http_statuses);
    const both = checks[side].healthy.http_statuses.filter((status) => unhealthy.has(status)).sort((a, b) => a - b);
    return when(both.length > 0, () =>
      finding(
        'error',
        'status-overlap',
        `${side}.unhealthy.http_statuses`,
        `both lists have ${both.join(', ')}, which Kong then counts as healthy only; take each out of ${side}.healthy.http_statuses or of ${side}.unhealthy.http_statuses`,
      ),
    );
  });
}

function checkServerName({ checks, context }: Subject): readonly HealthCheckFinding[] {
  const { type, https_verify_certificate: verified, https_sni: sni } = checks.active;
  const nameless = sni === undefined && context.hostHeader === undefined;
  return when(type === 'https' && verified && nameless && probes(checks), () =>
    finding(
      'error',
      'https-without-sni',
      'active.https_sni',
      'targets from Consul are IP addresses, which no certificate is made out to, so every probe fails; set active.https_sni to a name in the certificate, or active.https_verify_certificate to false',
    ),
  );
}

function checkType({ checks, context }: Subject): readonly HealthCheckFinding[] {
  const { type } = checks.active;
  const subsystem = subsystemOf(context.protocols ?? []);
  if (UNSUPPORTED.has(type) || !probes(checks)) return [];
  const skipped = (message: string) => finding('error', 'type-skipped', 'active.type', message);
  return [
    ...when(subsystem === 'http' && type === 'tcp', () =>
      skipped(
        "Kong skips tcp probes for an HTTP upstream; set active.type to http or https, or, if this is a stream upstream, say so in the plugin's protocols (tcp, tls)",
      ),
    ),
    ...when(subsystem === 'stream' && type !== 'tcp', () =>
      skipped(`Kong skips ${type} probes for a stream upstream; set active.type to tcp`),
    ),
  ];
}

function checkSupported({ checks }: Subject): readonly HealthCheckFinding[] {
  return SIDES.flatMap((side) => {
    const { type } = checks[side];
    return when(UNSUPPORTED.has(type), () =>
      finding(
        'error',
        'type-unsupported',
        `${side}.type`,
        `Kong takes ${type} here, but its health checker knows only http, https and tcp and fails the whole upstream; leave ${side}.type out`,
      ),
    );
  });
}

function checkCounters({ checks }: Subject): readonly HealthCheckFinding[] {
  const counters = SIDES.flatMap((side): readonly (readonly [path: string, value: number])[] => [
    [`${side}.healthy.successes`, checks[side].healthy.successes],
    ...FAILURES.map((name) => [`${side}.unhealthy.${name}`, checks[side].unhealthy[name]] as const),
  ]);
  return counters
    .filter(([, value]) => value > MAX_COUNTER)
    .map(([path, value]) =>
      finding(
        'error',
        'counter-too-high',
        path,
        `Kong takes ${value} here, but its health checker does not; set at most ${MAX_COUNTER}`,
      ),
    );
}

/** The defaults are documented and left alone; it is a list of one's own in which a status is forgotten. */
function checkGap({ checks, given }: Subject): readonly HealthCheckFinding[] {
  const active = recordIn(given, 'active');
  const listed = ['healthy', 'unhealthy'].some((side) => statusesIn(recordIn(active, side)) !== undefined);
  if (!listed || checks.active.type === 'tcp' || !probes(checks)) return [];
  const known = new Set([...checks.active.healthy.http_statuses, ...checks.active.unhealthy.http_statuses]);
  const missing = COMMON.filter((status) => !known.has(status));
  return when(missing.length > 0, () =>
    finding(
      'warning',
      'status-gap',
      'active.unhealthy.http_statuses',
      `neither list has ${missing.join(', ')}, so a target that answers so is neither ejected nor brought back; add each to active.healthy.http_statuses or active.unhealthy.http_statuses`,
    ),
  );
}

function checkReset({ checks: { passive } }: Subject): readonly HealthCheckFinding[] {
  return when(counts(passive.unhealthy) && passive.healthy.successes === 0, () =>
    finding(
      'warning',
      'failures-add-up',
      'passive.healthy.successes',
      'good answers do not reset the failure counters, so a few failures among many good answers eject a target; set passive.healthy.successes above 0',
    ),
  );
}

function checkProbed({ given, context }: Subject): readonly HealthCheckFinding[] {
  return when(isUnprobed(given, context), () =>
    finding(
      'warning',
      'unprobed',
      'active.type',
      "Kong has no probe for gRPC and UDP, so health checks stay off and Consul's checks alone decide; set active.type to probe nonetheless",
    ),
  );
}

function when(applies: boolean, report: () => HealthCheckFinding): readonly HealthCheckFinding[] {
  return applies ? [report()] : [];
}

function finding(
  level: HealthCheckFinding['level'],
  rule: HealthCheckRule,
  path: string,
  message: string,
): HealthCheckFinding {
  return { level, rule, path, message };
}
