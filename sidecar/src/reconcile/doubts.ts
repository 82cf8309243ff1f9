/** By then Kong has done all that it will do of what nobody waits for any more. */
const OVER_AFTER_MS = 15_000;
const FIRST_LOOK_MS = 1_000;

/**
 * Upstreams with a write that got no answer: tried again or not, Kong may do it yet, whenever it comes to it. They are read
 * again before each pass, and after 1, 2, 4, 8 and 16 seconds at least.
 */
export class Doubts {
  readonly #sinceMs = new Map<string, number>();

  /** A write got no answer now. */
  note(upstream: string): void {
    this.#sinceMs.set(upstream, performance.now());
  }

  has(upstream: string): boolean {
    return this.#sinceMs.has(upstream);
  }

  /** After a look: in how many ms to look again, undefined when it is over. */
  nextLookMs(upstream: string): number | undefined {
    const sinceMs = this.#sinceMs.get(upstream);
    if (sinceMs === undefined) return undefined;
    const pastMs = performance.now() - sinceMs;
    if (pastMs < OVER_AFTER_MS) return Math.max(FIRST_LOOK_MS, pastMs);
    this.#sinceMs.delete(upstream);
    return undefined;
  }
}
