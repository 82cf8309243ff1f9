import type { KongFailure } from './readiness.ts';

/** What of Kong cannot be read now, and since when. */
export class KongFailures {
  /** By what was read, longest failing first. */
  readonly #failing = new Map<string, KongFailure>();

  /** Something was read, or could not be. */
  note(what: string, problem: string | undefined): void {
    if (problem === undefined) {
      this.#failing.delete(what);
      return;
    }
    const sinceMs = this.#failing.get(what)?.sinceMs ?? Date.now();
    this.#failing.set(what, { sinceMs, problem });
  }

  /** Everything that was asked for lately could be read. */
  get isEmpty(): boolean {
    return this.#failing.size === 0;
  }

  /** The one that has been failing longest. */
  first(): KongFailure | undefined {
    const [first] = this.#failing.values();
    return first;
  }
}
