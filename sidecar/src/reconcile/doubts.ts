import type { LostWrite } from '../kong/lost-write.ts';

/** By then Kong has done all that it will do of what nobody waits for any more. */
const OVER_AFTER_MS = 15_000;
const FIRST_LOOK_MS = 1_000;

/** What Kong may yet do to one upstream. */
export interface Doubt {
  /** Ids of targets that it may yet change or remove. */
  readonly targetIds: ReadonlySet<string>;
  /** When that is over, by the clock of `Date.now`. */
  readonly untilMs: number;
}

/**
 * Upstreams with a write that got no answer: tried again or not, Kong may do it yet, whenever it comes to it. They are read
 * again before each pass, and after 1, 2, 4, 8 and 16 seconds at least.
 */
export class Doubts {
  readonly #doubts = new Map<string, { readonly sinceMs: number; readonly targetIds: Set<string> }>();

  /** A write got no answer now. */
  note({ upstream, targetId }: LostWrite): void {
    const targetIds = this.#doubts.get(upstream)?.targetIds ?? new Set();
    if (targetId !== undefined) targetIds.add(targetId);
    this.#doubts.set(upstream, { sinceMs: performance.now(), targetIds });
  }

  /** Kong answers again: what it was asked before it went away it may do from now on. */
  renew(upstream: string): void {
    if (this.#doubts.has(upstream)) this.note({ upstream, targetId: undefined });
  }

  of(upstream: string): Doubt | undefined {
    const doubt = this.#doubts.get(upstream);
    if (doubt === undefined) return undefined;
    const pastMs = performance.now() - doubt.sinceMs;
    return { targetIds: doubt.targetIds, untilMs: Date.now() + Math.max(0, OVER_AFTER_MS - pastMs) };
  }

  /** After a look: in how many ms to look again, undefined when it is over. */
  nextLookMs(upstream: string): number | undefined {
    const doubt = this.#doubts.get(upstream);
    if (doubt === undefined) return undefined;
    const pastMs = performance.now() - doubt.sinceMs;
    if (pastMs < OVER_AFTER_MS) return Math.max(FIRST_LOOK_MS, pastMs);
    this.#doubts.delete(upstream);
    return undefined;
  }
}
