interface Waiting {
  readonly start: () => void;
  readonly cancel: (reason: unknown) => void;
}

/**
 * At most `limit` tasks at once, which may change while they run. Keys that wait take turns, so that one with two thousand tasks does not delay another's
 * only one.
 */
export class FairQueue {
  #limit: number;
  readonly #waiting = new Map<string, Waiting[]>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    while (this.#running < limit && this.#waiting.size > 0) this.#startNext();
  }

  /** Runs the task when it is this key's turn; rejects with the signal's reason when aborted before. */
  async run<T>(key: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    await this.#enter(key, signal);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#startNext();
    }
  }

  async #enter(key: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < this.#limit) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => this.#remove(key, waiting, signal.reason);
      const waiting: Waiting = {
        start: () => {
          signal.removeEventListener('abort', leave);
          this.#running += 1;
          resolve();
        },
        cancel: reject,
      };
      signal.addEventListener('abort', leave, { once: true });
      const queue = this.#waiting.get(key);
      if (queue === undefined) this.#waiting.set(key, [waiting]);
      else queue.push(waiting);
    });
  }

  #remove(key: string, waiting: Waiting, reason: unknown): void {
    const rest = (this.#waiting.get(key) ?? []).filter((other) => other !== waiting);
    if (rest.length === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, rest);
    waiting.cancel(reason);
  }

  /** The key served goes behind the others. */
  #startNext(): void {
    const [entry] = this.#waiting;
    if (entry === undefined || this.#running >= this.#limit) return;
    const [key, queue] = entry;
    this.#waiting.delete(key);
    const next = queue.shift();
    if (queue.length > 0) this.#waiting.set(key, queue);
    next?.start();
  }
}
