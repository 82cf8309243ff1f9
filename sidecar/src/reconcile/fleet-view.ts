import { compareText } from '../core/order.ts';
import { fleetReport } from './fleet-report.ts';
import type { UpstreamReport } from './report.ts';
import type { ReportListener, Store } from './store.ts';

/** What is shown of all upstreams. */
export type ReportView = Pick<Store, 'tag' | 'reports' | 'report' | 'isInUse'>;

/** The stores of a fleet's nodes as one: a report an upstream, made of what each node says. */
export class FleetView implements ReportView {
  readonly tag: string;
  readonly #onReport: ReportListener;
  readonly #stores = new Map<string, Store>();

  constructor(tag: string, onReport: ReportListener) {
    this.tag = tag;
    this.#onReport = onReport;
  }

  add(node: string, store: Store): void {
    this.#stores.set(node, store);
  }

  /** Told by the store of a node. */
  listener(node: string): ReportListener {
    return (before, now, upstream) => {
      this.#onReport(this.#merged(upstream, node, before), this.#merged(upstream, node, now), upstream);
    };
  }

  reports(): readonly UpstreamReport[] {
    const names = new Set(
      [...this.#stores.values()].flatMap((store) => store.reports().map(({ upstream }) => upstream)),
    );
    return [...names].sort(compareText).flatMap((name) => this.report(name) ?? []);
  }

  report(upstream: string): UpstreamReport | undefined {
    return fleetReport([...this.#stores].map(([node, store]) => ({ node, report: store.report(upstream) })));
  }

  isInUse(upstream: string): boolean {
    return [...this.#stores.values()].some((store) => store.isInUse(upstream));
  }

  #merged(upstream: string, node: string, report: UpstreamReport | undefined): UpstreamReport | undefined {
    return fleetReport(
      [...this.#stores].map(([name, store]) => ({
        node: name,
        report: name === node ? report : store.report(upstream),
      })),
    );
  }
}
