import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Change } from '../core/change.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import type { Store } from '../reconcile/store.ts';

const PROPAGATION_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Everything under `/metrics`: Prometheus names, `kong_consul_` in front. */
export class Metrics {
  readonly registry = new Registry();
  readonly #writes = this.#counter('kong_writes_total', 'Changes written to Kong', ['kind']);
  readonly #requests = this.#counter('kong_requests_total', 'Requests to the Admin API', ['method', 'status']);
  readonly #failures = this.#counter(
    'consul_read_failures_total',
    'Reads of Consul that failed or could not be trusted',
    ['reason'],
  );
  readonly #syncs = this.#counter('kong_read_failures_total', 'Reads of Kong that failed', ['what']);
  readonly #propagation = new Histogram({
    name: 'kong_consul_propagation_seconds',
    help: "From Consul's answer to Kong's answer for one change",
    buckets: PROPAGATION_BUCKETS,
    registers: [this.registry],
  });

  constructor(store: Store, lastSuccessMs: () => number | undefined, isLeader: () => boolean) {
    this.#gauge('upstreams', 'Upstreams by state', ['state'], (gauge) => {
      gauge.reset();
      for (const report of store.reports()) gauge.inc({ state: report.state });
    });
    this.#gauge('targets', 'Targets Kong holds in upstreams that are bound', [], (gauge) =>
      gauge.set(total(store.reports(), (report) => report.targets)),
    );
    this.#gauge('held_removals', 'Removals held by the guard', ['reason'], (gauge) => {
      gauge.reset();
      for (const { hold } of store.reports())
        if (hold !== undefined) gauge.inc({ reason: hold.reason }, hold.changes.length);
    });
    this.#gauge('skipped_instances', 'Instances that are no target', ['reason'], (gauge) => {
      gauge.reset();
      for (const { verdicts, malformed } of store.reports()) {
        for (const { skipped } of verdicts) if (skipped !== undefined) gauge.inc({ reason: skipped });
        if (malformed > 0) gauge.inc({ reason: 'malformed' }, malformed);
      }
    });
    this.#gauge('last_success_age_seconds', 'Age of the oldest last trusted answer of Consul', [], (gauge) => {
      const atMs = lastSuccessMs();
      gauge.set(atMs === undefined ? Number.POSITIVE_INFINITY : (Date.now() - atMs) / 1000);
    });
    this.#gauge('leader', '1 when this sidecar may write', [], (gauge) => gauge.set(isLeader() ? 1 : 0));
  }

  change(change: Change, answeredMs: number | undefined): void {
    this.#writes.inc({ kind: change.kind });
    if (answeredMs !== undefined) this.#propagation.observe((Date.now() - answeredMs) / 1000);
  }

  request(method: string, status: number | 'error'): void {
    this.#requests.inc({ method, status });
  }

  readFailed(reason: string): void {
    this.#failures.inc({ reason });
  }

  kongReadFailed(what: string): void {
    this.#syncs.inc({ what });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `kong_consul_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    collect: (gauge: Gauge<Label>) => void,
  ): void {
    const gauge: Gauge<Label> = new Gauge({
      name: `kong_consul_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => collect(gauge),
    });
  }
}

function total(reports: readonly UpstreamReport[], count: (report: UpstreamReport) => number): number {
  return reports.reduce((sum, report) => sum + count(report), 0);
}
