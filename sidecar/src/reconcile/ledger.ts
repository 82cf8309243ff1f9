import type { FleetView } from '../core/guard.ts';

const WINDOW_MS = 10_000;

/** Counts owned targets and their removals over all upstreams, for the guard's fleet limit. */
export class Ledger {
  readonly #owned = new Map<string, number>();
  readonly #asked = new Map<string, number>();
  #ownedTotal = 0;
  #removed: { readonly count: number; readonly atMs: number }[] = [];

  /** What an upstream holds of ours now. */
  setOwned(upstream: string, targets: number): void {
    this.#ownedTotal += targets - (this.#owned.get(upstream) ?? 0);
    if (targets === 0) this.#owned.delete(upstream);
    else this.#owned.set(upstream, targets);
  }

  /** What an upstream's plan would remove: it counts against the others until it is removed or no longer asked. */
  ask(upstream: string, removals: number): void {
    if (removals === 0) this.#asked.delete(upstream);
    else this.#asked.set(upstream, removals);
  }

  /** Targets of an upstream were removed. */
  removed(upstream: string, count: number, nowMs: number): void {
    this.#asked.delete(upstream);
    if (count > 0) this.#removed.push({ count, atMs: nowMs });
  }

  view(upstream: string, nowMs: number): FleetView {
    this.#removed = this.#removed.filter((removal) => nowMs - removal.atMs < WINDOW_MS);
    return {
      ownedTargets: this.#ownedTotal,
      removedRecently: sum(this.#removed.map((removal) => removal.count)),
      askedByOthers: sum(this.#asked.values()) - (this.#asked.get(upstream) ?? 0),
    };
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
