import type { AgentFacts } from '../consul/agent.ts';
import { recordIn } from '../core/health-check-defaults.ts';
import { lintHealthChecks } from '../core/health-check-lint.ts';
import { isBefore, parseRelease, type Release } from '../core/release.ts';
import { PLUGIN_NAME } from '../kong/binding-reader.ts';
import type { KongInfo } from '../kong/info.ts';
import type { OnceResult } from '../reconcile/reconcile-once.ts';

/** One thing that was looked at, and the exact line that mends it. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'failure';
  readonly text: string;
  readonly mend?: string;
}

const OLDEST_KONG: Release = [2, 8];
const RESERVED = 50;
const READ_RULES = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';

/** What Kong says of itself. */
export function checkKong(info: KongInfo, withPlugins: boolean): readonly Finding[] {
  const isOld = isBefore(parseRelease(info.version), OLDEST_KONG);
  const version = `version ${info.version}, database ${info.database}, role ${info.role}`;
  return [
    isOld
      ? { check: 'Kong', level: 'failure', text: version, mend: 'upgrade Kong to 2.8 or later' }
      : { check: 'Kong', level: 'ok', text: version },
    ...(withPlugins ? [checkPlugin(info)] : []),
  ];
}

function checkPlugin(info: KongInfo): Finding {
  const check = 'plugin on Kong';
  if (info.plugins === undefined)
    return { check, level: 'ok', text: 'this Admin API does not tell which plugins it has' };
  if (info.plugins.has(PLUGIN_NAME)) return { check, level: 'ok', text: `${PLUGIN_NAME} is installed and enabled` };
  const text = `${PLUGIN_NAME} is not enabled: only bindings from the config file work`;
  return { check, level: 'warning', text, mend: `in Kong's environment: KONG_PLUGINS=bundled,${PLUGIN_NAME}` };
}

/** What the agent says of itself, against the number of services that are followed. */
export function checkAgent(facts: AgentFacts, services: number): readonly Finding[] {
  if (facts.version === undefined) {
    const text = 'the token may not read the agent, so its connection limit is not known (150 is taken)';
    return [
      { check: 'Consul agent', level: 'warning', text, mend: 'in the ACL policy: agent_prefix "" { policy = "read" }' },
    ];
  }
  const version: Finding = {
    check: 'Consul agent',
    level: 'ok',
    text: `version ${facts.version}, datacenter ${facts.datacenter ?? '?'}`,
  };
  const limit = facts.maxConnectionsPerClient ?? 0;
  const text = `${services} services to follow, ${limit === 0 ? 'no limit' : `limit ${limit}`} on connections of one client`;
  if (limit === 0 || services <= limit - RESERVED) return [version, { check: 'connection limit', level: 'ok', text }];
  const mend = `in the agent's config: limits { http_max_conns_per_client = ${services + 2 * RESERVED} }, then: consul reload`;
  return [version, { check: 'connection limit', level: 'warning', text: `${text}: watches take turns`, mend }];
}

/** Whether the catalog can be read in full. */
export function checkCatalog(problem: string | undefined, names: number): Finding {
  if (problem === undefined) return { check: 'Consul catalog', level: 'ok', text: `${names} services can be seen` };
  return { check: 'Consul catalog', level: 'failure', text: problem, mend: `in the ACL policy: ${READ_RULES}` };
}

/** What the whole line, run once without writing, shows. */
export function checkUpstreams(result: OnceResult): readonly Finding[] {
  const findings = result.reports.flatMap((report): readonly Finding[] => {
    const check = `upstream ${report.upstream}`;
    const { state, problem } = report;
    const isBroken = state === 'waiting' || state === 'error' || state === 'conflict' || state === 'frozen';
    return [
      ...(isBroken ? [{ check, level: 'failure', text: problem ?? state } as const] : []),
      ...(report.hold === undefined ? [] : [{ check, level: 'warning', text: `held: ${report.hold.why}` } as const]),
      ...report.notes.map((text) => ({ check, level: 'warning', text }) as const),
      ...lint(report.binding?.options.settings ?? {}, check),
    ];
  });
  const unbound = result.unbound.map(
    ({ subject, reason }): Finding => ({ check: subject, level: 'warning', text: `not bound: ${reason}` }),
  );
  const all = [...findings, ...unbound];
  return all.length > 0
    ? all
    : [{ check: 'upstreams', level: 'ok', text: `${result.reports.length} bound, nothing to say against them` }];
}

function lint(settings: Parameters<typeof recordIn>[0], check: string): readonly Finding[] {
  if (settings.healthchecks === undefined) return [];
  return lintHealthChecks(recordIn(settings, 'healthchecks')).map(({ level, path, message }) => ({
    check,
    level: level === 'error' ? 'failure' : 'warning',
    text: `healthchecks.${path}: ${message}`,
  }));
}
