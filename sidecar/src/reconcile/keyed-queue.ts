/**
 * Runs one task a key at a time, different keys side by side. A key that is asked for while it runs, runs once more
 * afterwards. The first run starts at once; after that a key runs at most every `gapMs`.
 */
export class KeyedQueue {
  readonly #run: (key: string) => Promise<void>;
  readonly #gapMs: number;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #startedAtMs = new Map<string, number>();
  readonly #timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly dueMs: number }>();

  /** `run` must not reject. */
  constructor(run: (key: string) => Promise<void>, gapMs: number, signal: AbortSignal) {
    this.#run = run;
    this.#gapMs = gapMs;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#clearTimers(), { once: true });
  }

  /** Looks at this key again, now or as soon as `afterMs` are over. */
  add(key: string, afterMs = 0): void {
    if (this.#signal.aborted) return;
    if (afterMs === 0 && this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    const sinceMs = performance.now() - (this.#startedAtMs.get(key) ?? Number.NEGATIVE_INFINITY);
    const delayMs = Math.max(afterMs, this.#gapMs - sinceMs);
    if (delayMs <= 0) this.#start(key);
    else this.#schedule(key, delayMs);
  }

  isRunning(key: string): boolean {
    return this.#running.has(key);
  }

  /** Drops what is known about a key that will not come back. */
  forget(key: string): void {
    this.#startedAtMs.delete(key);
    this.#clearTimer(key);
  }

  /** Resolves when no task runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #schedule(key: string, delayMs: number): void {
    const dueMs = performance.now() + delayMs;
    const waiting = this.#timers.get(key);
    if (waiting !== undefined && waiting.dueMs <= dueMs) return;
    this.#clearTimer(key);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, delayMs);
    this.#timers.set(key, { timer, dueMs });
  }

  #start(key: string): void {
    this.#clearTimer(key);
    this.#startedAtMs.set(key, performance.now());
    const task = this.#run(key).finally(() => {
      this.#running.delete(key);
      if (this.#again.delete(key)) this.add(key);
    });
    this.#running.set(key, task);
  }

  #clearTimer(key: string): void {
    const waiting = this.#timers.get(key);
    if (waiting !== undefined) clearTimeout(waiting.timer);
    this.#timers.delete(key);
  }

  #clearTimers(): void {
    for (const key of [...this.#timers.keys()]) this.#clearTimer(key);
    this.#again.clear();
  }
}
