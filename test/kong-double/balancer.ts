import { type Entity, isRecord } from './schema.ts';
import type { Tables } from './tables.ts';

interface Departed {
  readonly upstream: Entity;
  readonly targets: readonly Entity[];
}

/**
 * What the proxying side knows (`kong/runloop/balancer/upstreams.lua`): a new, renamed or deleted upstream only after the
 * queue was worked off, every `worker_state_update_frequency`; changes of targets at once; and the health set by hand,
 * which goes with the names, so that it outlives a target that is removed and added again (for 300 s in Kong, here for good).
 */
export class Balancer {
  readonly #tables: Tables;
  readonly #delayMs: number;
  readonly #ids = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #queued = new Set<string>();
  readonly #departed = new Map<string, Departed>();
  readonly #unhealthy = new Set<string>();
  readonly #turns = new Map<string, Map<string, number>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(tables: Tables, delayMs: number) {
    this.#tables = tables;
    this.#delayMs = delayMs;
  }

  /** An upstream was created or changed. */
  upstreamChanged(id: string): void {
    this.#queued.add(id);
    if (this.#delayMs === 0) this.refresh();
    else this.#timer ??= setTimeout(() => this.refresh(), this.#delayMs).unref();
  }

  /** To be told before it goes: its targets serve until the queue is worked off. */
  upstreamLeaves(upstream: Entity): void {
    const id = String(upstream.id);
    this.#departed.set(id, { upstream, targets: this.#tables.targetsOf(id) });
  }

  /** Works the queue off now. */
  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const id of this.#queued) this.#learn(id);
    this.#queued.clear();
  }

  /** Forgets what it knew and learns everything, as after `POST /config`. */
  reload(): void {
    for (const index of [this.#ids, this.#names, this.#departed, this.#turns]) index.clear();
    for (const id of this.#tables.ids('upstreams')) this.#queued.add(id);
    this.refresh();
  }

  knows(upstream: Entity): boolean {
    return this.#names.has(String(upstream.id));
  }

  /** Undefined when no upstream of this name is known: then the host is for DNS. */
  idOf(host: string): string | undefined {
    return this.#ids.get(host);
  }

  upstreamOf(id: string): Entity | undefined {
    return this.#tables.get(id) ?? this.#departed.get(id)?.upstream;
  }

  setHealthy(upstream: Entity, target: Entity, healthy: boolean): void {
    const key = healthKey(upstream, target);
    if (healthy) this.#unhealthy.delete(key);
    else this.#unhealthy.add(key);
  }

  isHealthy(upstream: Entity, target: Entity): boolean {
    return !checksHealth(upstream) || !this.#unhealthy.has(healthKey(upstream, target));
  }

  /** Smooth weighted round robin over healthy targets; undefined when there is none. */
  next(upstreamId: string, tried: ReadonlySet<string>): Entity | undefined {
    const upstream = this.upstreamOf(upstreamId);
    if (upstream === undefined) return undefined;
    const targets = (this.#departed.get(upstreamId)?.targets ?? this.#tables.targetsOf(upstreamId)).filter(
      (target) => Number(target.weight) > 0 && this.isHealthy(upstream, target) && !tried.has(String(target.target)),
    );
    const turns = this.#turns.get(upstreamId) ?? new Map<string, number>();
    this.#turns.set(upstreamId, turns);
    let best: Entity | undefined;
    let total = 0;
    for (const target of targets) {
      const credit = creditOf(turns, target) + Number(target.weight);
      total += Number(target.weight);
      turns.set(String(target.id), credit);
      if (best === undefined || credit > creditOf(turns, best)) best = target;
    }
    if (best !== undefined) turns.set(String(best.id), creditOf(turns, best) - total);
    return best;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #learn(id: string): void {
    const name = this.#names.get(id);
    if (name !== undefined && this.#ids.get(name) === id) this.#ids.delete(name);
    this.#names.delete(id);
    this.#departed.delete(id);
    const upstream = this.#tables.get(id);
    if (upstream === undefined) return;
    this.#ids.set(String(upstream.name), id);
    this.#names.set(id, String(upstream.name));
  }
}

/** Kong checks an upstream's health when a probe or a passive failure counter is on. */
export function checksHealth(upstream: Entity): boolean {
  const checks = upstream.healthchecks;
  if (!isRecord(checks)) return false;
  const numbers = [at(checks, 'active', 'healthy', 'interval'), at(checks, 'active', 'unhealthy', 'interval')];
  const passive = ['tcp_failures', 'timeouts', 'http_failures'].map((name) => at(checks, 'passive', 'unhealthy', name));
  return [...numbers, ...passive].some((value) => value > 0);
}

function creditOf(turns: ReadonlyMap<string, number>, target: Entity): number {
  return turns.get(String(target.id)) ?? 0;
}

function healthKey(upstream: Entity, target: Entity): string {
  return `${String(upstream.name)} ${String(target.target)}`;
}

function at(value: unknown, ...path: readonly string[]): number {
  let inner: unknown = value;
  for (const key of path) inner = isRecord(inner) ? inner[key] : undefined;
  return Number(inner ?? 0);
}
