import { isUnusable } from '../core/verdict.ts';
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
const BROKEN = new Set(['error', 'waiting', 'conflict', 'frozen']);

export function rowOfReport(report: UpstreamReport): StatusRow {
  return {
    upstream: report.upstream,
    state: report.state,
    service: report.binding?.query.service ?? '-',
    healthy: healthyText(report.counts),
    targets: report.targets,
    remark: remarkOf({
      hold: report.hold?.why,
      problem: report.problem,
      pending: report.plan?.changes.length ?? 0,
      registered: report.counts?.registered,
      skipped: report.verdicts.map(({ skipped }) => skipped),
      notes: report.notes,
    }),
  };
}

export function rowOfSummary({ instances, hold, problem, changes, ...rest }: UpstreamSummary): StatusRow {
  return {
    upstream: rest.upstream,
    state: rest.state,
    service: rest.service ?? '-',
    healthy: healthyText(instances ?? undefined),
    targets: rest.targets,
    remark: remarkOf({
      hold: hold?.why,
      problem: problem ?? undefined,
      pending: changes.length,
      registered: instances?.registered,
      skipped: rest.verdicts.map(({ skipped }) => skipped),
      notes: rest.notes,
    }),
  };
}

/** 0 when all are in sync, 1 when something could not be read or written, else 2. */
export function exitCodeOfRows(rows: readonly StatusRow[]): ExitCode {
  if (rows.some(({ state }) => BROKEN.has(state))) return EXIT.error;
  return rows.every(({ state }) => state === 'in_sync') ? EXIT.ok : EXIT.differences;
}

interface Remarkable {
  readonly hold: string | undefined;
  readonly problem: string | undefined;
  readonly pending: number;
  readonly registered: number | undefined;
  readonly skipped: readonly (string | null | undefined)[];
  readonly notes: readonly string[];
}

/** The gravest first. */
function remarkOf({ hold, problem, pending, registered, skipped, notes }: Remarkable): string {
  if (problem !== undefined) return problem;
  if (hold !== undefined) return hold;
  if (pending > 0) return pending === 1 ? '1 change to be written' : `${pending} changes to be written`;
  const unusable = skipped.filter(isUnusable);
  if (unusable[0] !== undefined)
    return `${unusable.length} of ${skipped.length} instances cannot be targets: ${unusable[0]}`;
  if (notes[0] !== undefined) return notes[0];
  return registered === 0 ? 'Consul knows no instance: the upstream is empty' : '';
}

function healthyText(counts: { readonly healthy: number; readonly registered: number } | undefined): string {
  return counts === undefined ? '-' : `${counts.healthy}/${counts.registered}`;
}
