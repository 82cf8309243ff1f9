/** What is urgent is begun before all that is not. */
export type Urgency = 'usual' | 'urgent';

interface Waiting {
  readonly start: () => void;
  readonly cancel: (reason: unknown) => void;
}

/**
 * At most `limit` tasks at once; the limit may change while they run. Keys that wait take turns, so that one with two
 * thousand tasks does not delay another's only one.
 */
export class FairQueue {
  #limit: number;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #urgent = new Map<string, Waiting[]>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    while (this.#running < limit && this.#urgent.size + this.#waiting.size > 0) this.#startNext();
  }

  /** Runs the task when it is this key's turn; rejects with the signal's reason when aborted before. */
  async run<T>(key: string, signal: AbortSignal, task: () => Promise<T>, urgency: Urgency = 'usual'): Promise<T> {
    await this.#enter(key, signal, urgency === 'urgent' ? this.#urgent : this.#waiting);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#startNext();
    }
  }

  async #enter(key: string, signal: AbortSignal, line: Map<string, Waiting[]>): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < this.#limit) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => remove(line, key, waiting, signal.reason);
      const waiting: Waiting = {
        start: () => {
          signal.removeEventListener('abort', leave);
          this.#running += 1;
          resolve();
        },
        cancel: reject,
      };
      signal.addEventListener('abort', leave, { once: true });
      const queue = line.get(key);
      if (queue === undefined) line.set(key, [waiting]);
      else queue.push(waiting);
    });
  }

  /** The key served goes behind the others. */
  #startNext(): void {
    const line = this.#urgent.size > 0 ? this.#urgent : this.#waiting;
    const [entry] = line;
    if (entry === undefined || this.#running >= this.#limit) return;
    const [key, queue] = entry;
    line.delete(key);
    const next = queue.shift();
    if (queue.length > 0) line.set(key, queue);
    next?.start();
  }
}

function remove(line: Map<string, Waiting[]>, key: string, waiting: Waiting, reason: unknown): void {
  const rest = (line.get(key) ?? []).filter((other) => other !== waiting);
  if (rest.length === 0) line.delete(key);
  else line.set(key, rest);
  waiting.cancel(reason);
}
