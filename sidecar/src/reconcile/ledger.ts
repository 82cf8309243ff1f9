import type { FleetView } from '../core/guard.ts';

const WINDOW_MS = 10_000;

/** Counts owned targets and their removals over all upstreams, for the guard's fleet limit. */
export class Ledger {
  readonly #owned = new Map<string, number>();
  readonly #asked = new Map<string, number>();
  /** Upstreams that nothing binds any more, in their grace or past it. */
  readonly #leaving = new Map<string, number>();
  /** `upstream/target` to when it went, oldest first. */
  readonly #removed = new Map<string, number>();
  #ownedTotal = 0;
  #askedTotal = 0;
  #leavingTotal = 0;

  /** What an upstream holds of ours now. */
  setOwned(upstream: string, targets: number): void {
    this.#ownedTotal += targets - (this.#owned.get(upstream) ?? 0);
    if (targets === 0) this.#owned.delete(upstream);
    else this.#owned.set(upstream, targets);
  }

  /** What an upstream's plan would remove: it counts against the others until it is removed or no longer asked. */
  ask(upstream: string, removals: number): void {
    this.#askedTotal += removals - (this.#asked.get(upstream) ?? 0);
    if (removals === 0) this.#asked.delete(upstream);
    else this.#asked.set(upstream, removals);
  }

  /** Nothing binds an upstream any more; 0 targets when it is bound again, or gone. */
  leave(upstream: string, targets: number): void {
    this.#leavingTotal += targets - (this.#leaving.get(upstream) ?? 0);
    if (targets === 0) this.#leaving.delete(upstream);
    else this.#leaving.set(upstream, targets);
  }

  /** A target went. */
  removed(upstream: string, target: string, nowMs: number): void {
    const key = keyOf(upstream, target);
    this.#removed.delete(key);
    this.#removed.set(key, nowMs);
  }

  /** A target came: if it went just before it flaps, and is not lost. */
  added(upstream: string, target: string): void {
    this.#removed.delete(keyOf(upstream, target));
  }

  view(upstream: string, nowMs: number): FleetView {
    for (const [key, atMs] of this.#removed) {
      if (nowMs - atMs < WINDOW_MS) break;
      this.#removed.delete(key);
    }
    return {
      ownedTargets: this.#ownedTotal,
      removedRecently: this.#removed.size,
      askedByOthers: this.#askedTotal - (this.#asked.get(upstream) ?? 0),
      leavingElsewhere: this.#leavingTotal - (this.#leaving.get(upstream) ?? 0),
    };
  }
}

function keyOf(upstream: string, target: string): string {
  return `${upstream}/${target}`;
}
