import { sleep } from './sleep.ts';

/** Lets `perSecond` pass on average, and up to `burst` at once. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs = performance.now();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Resolves when a token was taken. */
  async take(signal: AbortSignal): Promise<void> {
    await sleep(this.reserve(), signal);
  }

  /** Takes a token, on credit if there is none, and tells how many ms to wait for it. */
  reserve(): number {
    const nowMs = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond);
    this.#filledAtMs = nowMs;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000;
  }
}
