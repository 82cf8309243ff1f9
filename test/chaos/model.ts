import { BOUND, type Bound } from './bound.ts';
import { expectedTargets, feeds, type Instance, isServing, keepsFilled, targetOf } from './rules.ts';

type Clocks = ReadonlyMap<string, number>;

/** What is registered in Consul, and since when each part of it has been so. Times are `performance.now()`. */
export class Model {
  readonly #instances = new Map<string, Instance>();
  readonly #nodesInMaintenance = new Set<string>();
  /** By `upstream|id`: an instance serves. */
  #serving: Clocks = new Map();
  /** By upstream: something keeps it from being emptied. */
  #filled: Clocks = new Map();
  /** By upstream: nothing is registered for it. */
  #empty: Clocks = new Map();

  constructor() {
    this.#note();
  }

  get(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  isInMaintenance(node: string): boolean {
    return this.#nodesInMaintenance.has(node);
  }

  /** As registered. */
  list(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** With the maintenance of their nodes. */
  seen(): readonly Instance[] {
    return this.list().map((instance) => ({
      ...instance,
      maintenance: instance.maintenance || this.isInMaintenance(instance.node),
    }));
  }

  set(instance: Instance): void {
    this.#instances.set(instance.id, instance);
    this.#note();
  }

  delete(id: string): void {
    this.#instances.delete(id);
    this.#note();
  }

  setNodeMaintenance(node: string, on: boolean): void {
    if (on) this.#nodesInMaintenance.add(node);
    else this.#nodesInMaintenance.delete(node);
    this.#note();
  }

  /** Consul forgot everything. */
  clear(): void {
    this.#instances.clear();
    this.#nodesInMaintenance.clear();
    this.#note();
  }

  /** Nobody could have seen before now that something is empty: the grace counts from here. */
  restartEmptyClocks(): void {
    this.#empty = carriedOver(new Map(), [...this.#empty.keys()]);
  }

  expected(bound: Bound): ReadonlyMap<string, number> {
    return expectedTargets(bound, this.seen());
  }

  /** How long an instance with this address has been serving; 0 when none is. */
  servingForMs(bound: Bound, target: string, atMs: number): number {
    const same = this.list().filter((instance) => targetOf(instance) === target);
    return Math.max(0, ...same.map(({ id }) => atMs - (this.#serving.get(`${bound.upstream}|${id}`) ?? atMs)));
  }

  /** How long something has kept the upstream from being emptied; 0 when nothing does. */
  filledForMs(bound: Bound, atMs: number): number {
    return atMs - (this.#filled.get(bound.upstream) ?? atMs);
  }

  /** How long nothing has been registered for it; undefined when something is. */
  emptyForMs(bound: Bound, atMs: number): number | undefined {
    const since = this.#empty.get(bound.upstream);
    return since === undefined ? undefined : atMs - since;
  }

  #note(): void {
    const seen = this.seen();
    const serving = BOUND.flatMap((bound) =>
      seen.filter((instance) => isServing(instance, bound)).map(({ id }) => `${bound.upstream}|${id}`),
    );
    const holding = (holds: (bound: Bound) => boolean) => BOUND.filter(holds).map(({ upstream }) => upstream);
    const filled = holding((bound) => seen.some((instance) => keepsFilled(instance, bound)));
    const empty = holding((bound) => !seen.some((instance) => feeds(instance, bound)));
    this.#serving = carriedOver(this.#serving, serving);
    this.#filled = carriedOver(this.#filled, filled);
    this.#empty = carriedOver(this.#empty, empty);
  }
}

/** The clocks that go on, and new ones that start now. */
function carriedOver(before: Clocks, keys: readonly string[]): Clocks {
  const nowMs = performance.now();
  return new Map(keys.map((key) => [key, before.get(key) ?? nowMs]));
}
