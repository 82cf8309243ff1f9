import type { WatchState } from '../consul/snapshot.ts';
import { assertNever } from '../core/assert-never.ts';
import { queryKey } from '../core/binding.ts';
import type { ReportView } from '../reconcile/fleet-view.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { consulProblem } from '../reconcile/report-of.ts';

/** A report with what has been heard from Consul since the pass that made it. */
export interface LiveReport extends UpstreamReport {
  readonly watch: WatchState | undefined;
}

/** Where the answers of Consul are looked up. */
export interface Watches {
  state(key: string): WatchState | undefined;
}

/** The reports as they are true now: Consul may have failed or come back without any reason for a pass. */
export class LiveReports {
  readonly #store: ReportView;
  readonly #watches: Watches;

  constructor(store: ReportView, watches: Watches) {
    this.#store = store;
    this.#watches = watches;
  }

  /** Sorted by upstream. */
  all(): readonly LiveReport[] {
    return this.#store.reports().map((report) => this.#live(report));
  }

  one(upstream: string): LiveReport | undefined {
    const report = this.#store.report(upstream);
    return report === undefined ? undefined : this.#live(report);
  }

  #live(report: UpstreamReport): LiveReport {
    const watch = report.binding === undefined ? undefined : this.#watches.state(queryKey(report.binding.query));
    if (watch === undefined) return { ...report, watch };
    const { problem: _, ...rest } = report;
    const problem = problemOf(report, watch);
    return {
      ...rest,
      watch,
      ...(problem !== undefined && { problem }),
      ...(watch.lastSuccessMs !== undefined && { lastAnswerMs: watch.lastSuccessMs }),
    };
  }
}

/** A report that stands for an evaluation names Consul's failure only; the others have a problem of their own. */
function problemOf(report: UpstreamReport, { failure }: WatchState): string | undefined {
  switch (report.state) {
    case 'in_sync':
    case 'pending':
    case 'held':
      return consulProblem(failure);
    case 'waiting':
      return consulProblem(failure) ?? report.problem;
    case 'error':
    case 'conflict':
    case 'frozen':
    case 'unbound':
      return report.problem;
    default:
      return assertNever(report.state);
  }
}
