import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { WatchState } from '../consul/snapshot.ts';
import type { Change } from '../core/change.ts';
import type { ReportView } from '../reconcile/fleet-view.ts';
import type { UpstreamReport } from '../reconcile/report.ts';

const PROPAGATION_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** The event loop is looked at this often: ten times less than prom-client's own way, for an idle sidecar should idle. */
const EVENT_LOOP_PRECISION_MS = 100;
const OBJECTS: ReadonlySet<string> = new Set([
  'config',
  'health',
  'plugins',
  'routes',
  'services',
  'status',
  'tags',
  'targets',
  'upstreams',
]);

export interface MetricsOptions {
  readonly store: ReportView;
  readonly version: string;
  /** All watches of Consul. */
  readonly watches: () => readonly WatchState[];
  /** How often a watch had to begin again. */
  readonly watchRestarts: () => number;
  readonly isLeader: () => boolean;
  readonly isReady: () => boolean;
  /** Who follows the events. */
  readonly eventClients: () => number;
}

/** One answered or failed request to the Admin API. */
export interface RequestSeen {
  readonly method: string;
  readonly path: string;
  readonly status: number | 'error';
  readonly ms: number;
}

/** Everything under `/metrics`: Prometheus names, `kong_consul_` in front, and those of the process. */
export class Metrics {
  readonly registry = new Registry();
  readonly #store: ReportView;
  readonly #watches: () => readonly WatchState[];
  readonly #writes = this.#counter('kong_writes_total', 'Changes that Kong took', ['kind', 'drift']);
  readonly #requests = this.#counter('kong_requests_total', 'Requests to the Admin API', [
    'method',
    'object',
    'status',
  ]);
  readonly #failures = this.#counter(
    'consul_read_failures_total',
    'Reads of Consul that failed or could not be trusted',
    ['reason'],
  );
  readonly #syncs = this.#counter('kong_read_failures_total', 'Reads of Kong that failed', ['what']);
  readonly #loads = this.#counter('kong_loads_total', 'Whole configurations loaded into Kong without a database', []);
  readonly #loadBytes = this.#counter('kong_load_bytes_total', 'Bytes of those configurations', []);
  readonly #propagation = new Histogram({
    name: 'kong_consul_propagation_seconds',
    help: "From Consul's answer to Kong's answer for one change",
    buckets: PROPAGATION_BUCKETS,
    registers: [this.registry],
  });
  readonly #requestSeconds = new Histogram({
    name: 'kong_consul_kong_request_seconds',
    help: 'How long the Admin API took to answer',
    labelNames: ['method'],
    buckets: REQUEST_BUCKETS,
    registers: [this.registry],
  });
  /** The youngest answer of Consul that an upstream had come to rest with. */
  readonly #restedWithMs = new Map<string, number>();

  constructor(options: MetricsOptions) {
    const { store, version } = options;
    this.#store = store;
    this.#watches = options.watches;
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
    this.#gauge('build_info', 'Which kong-consul this is; always 1', ['version'], (gauge) => gauge.set({ version }, 1));
    this.#gauge('ready', '1 when /readyz says ready', [], (gauge) => gauge.set(options.isReady() ? 1 : 0));
    this.#gauge('leader', '1 when this sidecar may write', [], (gauge) => gauge.set(options.isLeader() ? 1 : 0));
    this.#gauge('event_clients', 'Clients that follow /api/v1/events', [], (gauge) =>
      gauge.set(options.eventClients()),
    );
    this.#kongGauges();
    this.#consulGauges(options.watchRestarts);
  }

  change(change: Change, drift: boolean, answeredMs: number | undefined): void {
    this.#writes.inc({ kind: change.kind, drift: String(drift) });
    if (drift || answeredMs === undefined) return;
    // What was held, or waited for a binding, says nothing of how fast news travels.
    const isNews = answeredMs > (this.#restedWithMs.get(change.upstream) ?? Number.NEGATIVE_INFINITY);
    if (isNews) this.#propagation.observe((Date.now() - answeredMs) / 1000);
  }

  /** A report took the place of another. */
  report(now: UpstreamReport | undefined, upstream: string): void {
    if (now === undefined) this.#restedWithMs.delete(upstream);
    else if (isAtRest(now) && now.lastAnswerMs !== undefined) this.#restedWithMs.set(upstream, now.lastAnswerMs);
  }

  request({ method, path, status, ms }: RequestSeen): void {
    this.#requests.inc({ method, object: objectOf(path), status });
    this.#requestSeconds.observe({ method }, ms / 1000);
  }

  loaded(bytes: number): void {
    this.#loads.inc();
    this.#loadBytes.inc(bytes);
  }

  readFailed(reason: string): void {
    this.#failures.inc({ reason });
  }

  kongReadFailed(what: string): void {
    this.#syncs.inc({ what });
  }

  #kongGauges(): void {
    const reports = () => this.#store.reports();
    this.#gauge('upstreams', 'Upstreams by state', ['state'], (gauge) => {
      gauge.reset();
      for (const report of reports()) gauge.inc({ state: report.state });
    });
    this.#gauge('targets', 'Targets Kong holds in upstreams that are bound', [], (gauge) =>
      gauge.set(reports().reduce((sum, report) => sum + report.targets, 0)),
    );
    this.#gauge('held_removals', 'Removals held by the guard', ['reason'], (gauge) => {
      gauge.reset();
      for (const { hold } of reports()) if (hold !== undefined) gauge.inc({ reason: hold.reason }, hold.changes.length);
    });
    this.#gauge('skipped_instances', 'Instances that are no target', ['reason'], (gauge) => {
      gauge.reset();
      for (const { verdicts, malformed } of reports()) {
        for (const { skipped } of verdicts) if (skipped !== undefined) gauge.inc({ reason: skipped });
        if (malformed > 0) gauge.inc({ reason: 'malformed' }, malformed);
      }
    });
  }

  #consulGauges(restarts: () => number): void {
    this.#gauge('last_success_age_seconds', 'Age of the oldest last trusted answer of Consul', [], (gauge) => {
      const times = this.#watches().flatMap(({ lastSuccessMs }) => lastSuccessMs ?? []);
      const oldestMs = times.reduce((oldest, ms) => Math.min(oldest, ms), Number.POSITIVE_INFINITY);
      gauge.set(times.length === 0 ? Number.POSITIVE_INFINITY : (Date.now() - oldestMs) / 1000);
    });
    this.#gauge('consul_watches', 'Services watched in Consul', ['readable'], (gauge) => {
      const watches = this.#watches();
      const failing = watches.filter(({ failure }) => failure !== undefined).length;
      gauge.set({ readable: 'true' }, watches.length - failing);
      gauge.set({ readable: 'false' }, failing);
    });
    const counter: Counter = new Counter({
      name: 'kong_consul_consul_watch_restarts_total',
      help: 'Watches that began again: their index went back, or a read failed',
      registers: [this.registry],
      collect: () => {
        counter.reset();
        counter.inc(restarts());
      },
    });
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

/** Nothing is left to do, or it has to wait. */
function isAtRest({ state, hold }: UpstreamReport): boolean {
  return state === 'in_sync' || (state === 'held' && hold?.reason !== 'confirm') || state === 'error';
}

/** The kind of object that a path below the Admin API is about: few, whatever the ids in it. */
function objectOf(path: string): string {
  return path.split('/').findLast((segment) => OBJECTS.has(segment)) ?? 'other';
}
