import { sleep } from './sleep.ts';

/**
 * One probe for all who wait while the other side is out of reach, so that a thousand do not each knock at a door that
 * is shut, and all go on as soon as it opens.
 */
export class Gate {
  readonly #isOpen: (signal: AbortSignal) => Promise<boolean>;
  readonly #everyMs: number;
  readonly #signal: AbortSignal;
  #opening: Promise<void> | undefined;

  /** `isOpen` tells whether the other side answers again; it is asked once at a time. */
  constructor(isOpen: (signal: AbortSignal) => Promise<boolean>, everyMs: number, signal: AbortSignal) {
    this.#isOpen = isOpen;
    this.#everyMs = everyMs;
    this.#signal = signal;
  }

  /** Resolves when the other side answers; rejects when the program ends. */
  pass(): Promise<void> {
    this.#opening ??= this.#probe().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #probe(): Promise<void> {
    while (!(await this.#isOpen(this.#signal))) await sleep(this.#everyMs, this.#signal);
  }
}
