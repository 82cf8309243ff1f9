import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { FeedState } from '../consul/critical-lookout.ts';
import type { WatchState } from '../consul/snapshot.ts';
import type { Change } from '../core/change.ts';
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

/** One Kong, as its metrics see it. */
export interface MeasuredKong {
  /** The label `kong`: its Admin API's URL, without anything secret. */
  readonly name: string;
  readonly reports: () => readonly UpstreamReport[];
  /** It has answered, and can be read. */
  readonly isReadable: () => boolean;
}

export interface MetricsOptions {
  /** One, or each of a fleet. */
  readonly kongs: readonly MeasuredKong[];
  readonly version: string;
  /** All watches of Consul. */
  readonly watches: () => readonly WatchState[];
  /** What tells that a check turned critical, while watches take turns. */
  readonly feeds: () => readonly FeedState[];
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
  readonly #kongs: readonly MeasuredKong[];
  readonly #watches: () => readonly WatchState[];
  readonly #writes = this.#counter('kong_writes_total', 'Changes that Kong took', ['kong', 'kind', 'drift']);
  readonly #requests = this.#counter('kong_requests_total', 'Requests to the Admin API', [
    'kong',
    'method',
    'object',
    'status',
  ]);
  readonly #failures = this.#counter(
    'consul_read_failures_total',
    'Reads of Consul that failed or could not be trusted',
    ['reason'],
  );
  readonly #syncs = this.#counter('kong_read_failures_total', 'Reads of Kong that failed', ['kong', 'what']);
  readonly #loads = this.#counter('kong_loads_total', 'Whole configurations loaded into Kong without a database', [
    'kong',
  ]);
  readonly #loadBytes = this.#counter('kong_load_bytes_total', 'Bytes of those configurations', ['kong']);
  readonly #propagation = new Histogram({
    name: 'kong_consul_propagation_seconds',
    help: "From Consul's answer to Kong's answer for one change",
    labelNames: ['kong'],
    buckets: PROPAGATION_BUCKETS,
    registers: [this.registry],
  });
  readonly #requestSeconds = new Histogram({
    name: 'kong_consul_kong_request_seconds',
    help: 'How long the Admin API took to answer',
    labelNames: ['kong', 'method'],
    buckets: REQUEST_BUCKETS,
    registers: [this.registry],
  });
  /** The youngest answer of Consul that an upstream of a Kong had come to rest with. */
  readonly #restedWithMs = new Map<string, number>();

  constructor(options: MetricsOptions) {
    const { kongs, version } = options;
    this.#kongs = kongs;
    this.#watches = options.watches;
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
    this.#gauge('build_info', 'Which kong-consul this is; always 1', ['version'], (gauge) => gauge.set({ version }, 1));
    this.#gauge('ready', '1 when /readyz says ready', [], (gauge) => gauge.set(options.isReady() ? 1 : 0));
    this.#gauge('leader', '1 when this sidecar may write', [], (gauge) => gauge.set(options.isLeader() ? 1 : 0));
    this.#gauge('event_clients', 'Clients that follow /api/v1/events', [], (gauge) =>
      gauge.set(options.eventClients()),
    );
    this.#kongGauges();
    this.#consulGauges(options);
  }

  change(kong: string, change: Change, drift: boolean, answeredMs: number | undefined): void {
    this.#writes.inc({ kong, kind: change.kind, drift: String(drift) });
    if (drift || answeredMs === undefined) return;
    // What was held, or waited for a binding, says nothing of how fast news travels.
    const isNews = answeredMs > (this.#restedWithMs.get(keyOf(kong, change.upstream)) ?? Number.NEGATIVE_INFINITY);
    if (isNews) this.#propagation.observe({ kong }, (Date.now() - answeredMs) / 1000);
  }

  /** A report of this Kong took the place of another. */
  report(kong: string, now: UpstreamReport | undefined, upstream: string): void {
    const key = keyOf(kong, upstream);
    if (now === undefined) this.#restedWithMs.delete(key);
    else if (isAtRest(now) && now.lastAnswerMs !== undefined) this.#restedWithMs.set(key, now.lastAnswerMs);
  }

  request(kong: string, { method, path, status, ms }: RequestSeen): void {
    this.#requests.inc({ kong, method, object: objectOf(path), status });
    this.#requestSeconds.observe({ kong, method }, ms / 1000);
  }

  loaded(kong: string, bytes: number): void {
    this.#loads.inc({ kong });
    this.#loadBytes.inc({ kong }, bytes);
  }

  readFailed(reason: string): void {
    this.#failures.inc({ reason });
  }

  kongReadFailed(kong: string, what: string): void {
    this.#syncs.inc({ kong, what });
  }

  #kongGauges(): void {
    const kongs = this.#kongs;
    this.#gauge('kong_readable', '1 while this Kong can be read', ['kong'], (gauge) => {
      for (const { name, isReadable } of kongs) gauge.set({ kong: name }, isReadable() ? 1 : 0);
    });
    this.#gauge('upstreams', 'Upstreams by state', ['kong', 'state'], (gauge) => {
      gauge.reset();
      for (const { name, reports } of kongs) for (const { state } of reports()) gauge.inc({ kong: name, state });
    });
    this.#gauge('targets', 'Targets Kong holds in upstreams that are bound', ['kong'], (gauge) => {
      for (const { name, reports } of kongs)
        gauge.set(
          { kong: name },
          reports().reduce((sum, { targets }) => sum + targets, 0),
        );
    });
    this.#gauge('held_removals', 'Removals held by the guard', ['kong', 'reason'], (gauge) => {
      gauge.reset();
      for (const { name, reports } of kongs)
        for (const { hold } of reports())
          if (hold !== undefined) gauge.inc({ kong: name, reason: hold.reason }, hold.changes.length);
    });
    this.#gauge('skipped_instances', 'Instances that are no target', ['reason'], (gauge) => {
      gauge.reset();
      for (const { verdicts, malformed } of distinct(kongs)) {
        for (const { skipped } of verdicts) if (skipped !== undefined) gauge.inc({ reason: skipped });
        if (malformed > 0) gauge.inc({ reason: 'malformed' }, malformed);
      }
    });
  }

  #consulGauges({ feeds, watchRestarts }: MetricsOptions): void {
    this.#gauge('last_success_age_seconds', 'Age of the oldest last trusted answer of Consul', [], (gauge) => {
      const times = this.#watches().flatMap(({ lastSuccessMs }) => lastSuccessMs ?? []);
      const oldestMs = times.reduce((oldest, ms) => Math.min(oldest, ms), Number.POSITIVE_INFINITY);
      gauge.set(times.length === 0 ? Number.POSITIVE_INFINITY : (Date.now() - oldestMs) / 1000);
    });
    this.#gauge('consul_watches', 'Services watched in Consul', ['readable'], (gauge) =>
      setReadable(gauge, this.#watches()),
    );
    this.#gauge(
      'consul_critical_feeds',
      'While watches take turns: what tells at once that a check turned critical',
      ['readable'],
      (gauge) => setReadable(gauge, feeds()),
    );
    const counter: Counter = new Counter({
      name: 'kong_consul_consul_watch_restarts_total',
      help: 'Watches that began again: their index went back, or a read failed',
      registers: [this.registry],
      collect: () => {
        counter.reset();
        counter.inc(watchRestarts());
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

function setReadable(gauge: Gauge<'readable'>, all: readonly { readonly failure: unknown }[]): void {
  const failing = all.filter(({ failure }) => failure !== undefined).length;
  gauge.set({ readable: 'true' }, all.length - failing);
  gauge.set({ readable: 'false' }, failing);
}

/** What is about Consul is the same for every Kong: each upstream once. */
function distinct(kongs: readonly MeasuredKong[]): Iterable<UpstreamReport> {
  return new Map(kongs.flatMap(({ reports }) => reports().map((report) => [report.upstream, report]))).values();
}

/** Tells upstreams of one name in different Kongs apart. */
function keyOf(kong: string, upstream: string): string {
  return `${kong} ${upstream}`;
}

/** Nothing is left to do, or it has to wait. */
function isAtRest({ state, hold }: UpstreamReport): boolean {
  return state === 'in_sync' || (state === 'held' && hold?.reason !== 'confirm') || state === 'error';
}

/** The kind of object that a path below the Admin API is about: few, whatever the ids in it. */
function objectOf(path: string): string {
  return path.split('/').findLast((segment) => OBJECTS.has(segment)) ?? 'other';
}
