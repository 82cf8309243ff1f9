/** Something that waits for the push that it is part of. */
interface Waiting<T> {
  readonly entry: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What became of one entry: undefined when it was pushed, else why not. */
export type Verdict = Error | undefined;

/** Pushes a batch and tells what became of each entry. @throws when nothing of it could be pushed */
export type Push<T> = (batch: readonly T[]) => Promise<ReadonlyMap<T, Verdict>>;

/** What comes in the same breath goes together; nobody sees so short a wait. */
const GATHER_MS = 5;

/**
 * Gathers entries to pushes, one at a time: the first goes at once, and those that come while it runs, or within
 * `gapMs` of its start, go together.
 */
export class PushQueue<T> {
  readonly #push: Push<T>;
  readonly #gapMs: number;
  #waiting: Waiting<T>[] = [];
  #isScheduled = false;
  #startedAtMs = Number.NEGATIVE_INFINITY;

  constructor(push: Push<T>, gapMs: number) {
    this.#push = push;
    this.#gapMs = gapMs;
  }

  /** Resolves when the push with this entry was taken; rejects with why it was not. */
  add(entry: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const sinceMs = performance.now() - this.#startedAtMs;
    setTimeout(() => this.#start(), Math.max(GATHER_MS, this.#gapMs - sinceMs));
  }

  #start(): void {
    this.#startedAtMs = performance.now();
    const batch = this.#waiting;
    this.#waiting = [];
    this.#push(batch.map(({ entry }) => entry))
      .then(
        (verdicts) => {
          for (const { entry, resolve, reject } of batch) {
            const problem = verdicts.get(entry);
            if (problem === undefined) resolve();
            else reject(problem);
          }
        },
        (error: unknown) => {
          for (const { reject } of batch) reject(error);
        },
      )
      .finally(() => {
        this.#isScheduled = false;
        if (this.#waiting.length > 0) this.#schedule();
      });
  }
}
