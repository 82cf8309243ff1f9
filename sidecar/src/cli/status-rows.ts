import { remarkOf } from '../reconcile/remark.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { UpstreamSummary } from './sidecar-api.ts';

/** One upstream, as `status` shows it. */
export interface StatusRow {
  readonly upstream: string;
  readonly state: string;
  readonly service: string;
  /** Healthy of registered instances; `-` when nothing is known. */
  readonly healthy: string;
  readonly targets: number;
  /** What there is to say: why it is held, what is wrong, what is to be written. */
  readonly remark: string;
}

/** States in which something could not be read or written at all. */
const BROKEN = new Set(['error', 'waiting', 'conflict', 'frozen', 'unreadable']);

/** The service cannot be read from Consul now: Kong holds what was last known. */
const UNREADABLE = 'unreadable';

export function rowOfReport(report: UpstreamReport): StatusRow {
  return {
    upstream: report.upstream,
    state: stateOf(report.state, report.problem),
    service: report.binding?.query.service ?? '-',
    healthy: healthyText(report.counts),
    targets: report.targets,
    remark: remarkOf(report),
  };
}

export function rowOfSummary({
  upstream,
  state,
  service,
  instances,
  targets,
  problem,
  remark,
}: UpstreamSummary): StatusRow {
  return {
    upstream,
    state: stateOf(state, problem ?? undefined),
    service: service ?? '-',
    healthy: healthyText(instances ?? undefined),
    targets,
    remark,
  };
}

/** 0 when all are in sync, 1 when something could not be read or written, else 2. */
export function exitCodeOfRows(rows: readonly StatusRow[]): ExitCode {
  if (rows.some(({ state }) => BROKEN.has(state))) return EXIT.error;
  return rows.every(({ state }) => state === 'in_sync') ? EXIT.ok : EXIT.differences;
}

/** What is in sync, pending or held has no problem of its own: then it is Consul. */
function stateOf(state: string, problem: string | undefined): string {
  const hasOwn = BROKEN.has(state) || state === 'unbound';
  return problem === undefined || hasOwn ? state : UNREADABLE;
}

function healthyText(counts: { readonly healthy: number; readonly registered: number } | undefined): string {
  return counts === undefined ? '-' : `${counts.healthy}/${counts.registered}`;
}
