import type { UpstreamReport } from '../reconcile/report.ts';
import type { ApiState, ApiStatus } from './api.ts';
import { isoOf } from './iso.ts';

/** What is true of the sidecar for as long as it runs. */
export interface Identity {
  readonly version: string;
  readonly owner: string;
  readonly startedMs: number;
  readonly dryRun: boolean;
  readonly consulAddress: string;
  readonly kongAddress: string;
  /** Data planes that are asked for health. */
  readonly healthFrom: readonly string[];
}

/** What changes while it runs. */
export interface Condition {
  readonly leader: boolean;
  /** Why it is not ready; empty when it is. */
  readonly reasons: readonly string[];
  readonly watches: readonly { readonly lastSuccessMs: number | undefined; readonly failure: unknown }[];
  /** Why something of Consul cannot be read now. */
  readonly consulProblem: string | undefined;
  readonly kong: { readonly version: string; readonly database: string } | undefined;
  /** Why Kong cannot be read now. */
  readonly kongProblem: string | undefined;
  readonly reports: readonly UpstreamReport[];
}

/** The sidecar as a whole. */
export function statusJson(identity: Identity, condition: Condition): ApiStatus {
  const { leader, reasons, watches, kong, reports } = condition;
  return {
    version: identity.version,
    owner: identity.owner,
    started: isoOf(identity.startedMs),
    dry_run: identity.dryRun,
    leader,
    ready: reasons.length === 0,
    reasons,
    consul: {
      address: identity.consulAddress,
      watches: watches.length,
      failing: watches.filter(({ failure }) => failure !== undefined).length,
      oldest_answer: isoOf(oldest(watches.map(({ lastSuccessMs }) => lastSuccessMs))),
      problem: condition.consulProblem ?? null,
    },
    kong: {
      address: identity.kongAddress,
      version: kong?.version ?? null,
      database: kong?.database ?? null,
      problem: condition.kongProblem ?? null,
      health_from: identity.healthFrom,
    },
    upstreams: countStates(reports),
    targets: reports.reduce((sum, { targets }) => sum + targets, 0),
    held_removals: reports.reduce((sum, { hold }) => sum + (hold?.changes.length ?? 0), 0),
  };
}

function countStates(reports: readonly UpstreamReport[]): Readonly<Record<ApiState, number>> {
  const counts = { in_sync: 0, pending: 0, held: 0, waiting: 0, error: 0, conflict: 0, frozen: 0, unbound: 0 };
  for (const { state } of reports) counts[state] += 1;
  return counts;
}

function oldest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : known.reduce((first, ms) => Math.min(first, ms));
}
