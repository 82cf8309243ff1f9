/**
 * How long ago something was, by whichever clock says more: the monotonic one stands still while the machine sleeps,
 * the wall clock can be set back.
 */
export class Stopwatch {
  readonly #monotonicMs = performance.now();
  readonly #wallMs = Date.now();

  get elapsedMs(): number {
    return Math.max(performance.now() - this.#monotonicMs, Date.now() - this.#wallMs);
  }
}
