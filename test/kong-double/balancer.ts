import type { Entity } from './schema.ts';
import { isRecord } from './schema.ts';
import type { Tables } from './tables.ts';

/**
 * What the proxying side knows: a new, renamed or deleted upstream only after `worker_state_update_frequency`, changes of
 * targets at once; and the health that was set by hand.
 */
export class Balancer {
  readonly #tables: Tables;
  readonly #delayMs: number;
  readonly #known = new Map<string, string>();
  readonly #unhealthy = new Set<string>();
  readonly #turns = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(tables: Tables, delayMs: number) {
    this.#tables = tables;
    this.#delayMs = delayMs;
  }

  /** An upstream was created, changed or deleted. */
  upstreamChanged(): void {
    if (this.#delayMs === 0) {
      this.refresh();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.refresh();
    }, this.#delayMs);
    this.#timers.add(timer);
  }

  refresh(): void {
    this.#known.clear();
    for (const upstream of this.#tables.all('upstreams')) this.#known.set(String(upstream.name), String(upstream.id));
  }

  knows(upstream: Entity): boolean {
    return this.#known.get(String(upstream.name)) === upstream.id;
  }

  /** Undefined when no upstream of this name is known: then the host is for DNS. */
  idOf(host: string): string | undefined {
    return this.#known.get(host);
  }

  setHealthy(targetId: string, healthy: boolean): void {
    if (healthy) this.#unhealthy.delete(targetId);
    else this.#unhealthy.add(targetId);
  }

  isHealthy(target: Entity): boolean {
    return !this.#unhealthy.has(String(target.id));
  }

  /** Weighted round robin over healthy targets; undefined when there is none. */
  next(upstreamId: string, tried: ReadonlySet<string>): Entity | undefined {
    const targets = this.#tables
      .targetsOf(upstreamId)
      .filter((target) => Number(target.weight) > 0 && this.isHealthy(target) && !tried.has(String(target.target)));
    const total = targets.reduce((sum, target) => sum + Number(target.weight), 0);
    if (total === 0) return undefined;
    const turn = this.#turns.get(upstreamId) ?? 0;
    this.#turns.set(upstreamId, turn + 1);
    let at = turn % total;
    for (const target of targets) {
      at -= Number(target.weight);
      if (at < 0) return target;
    }
    return undefined;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
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

function at(value: unknown, ...path: readonly string[]): number {
  let inner: unknown = value;
  for (const key of path) inner = isRecord(inner) ? inner[key] : undefined;
  return Number(inner ?? 0);
}
