/** Wakes the one who listens. A ring that nobody waited for is heard by whoever listens next. */
export class Bell {
  #isRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Resolves when it has rung since it was last heard; rejects with the signal's reason. */
  async heard(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#isRung) await this.#wait(signal);
    this.#isRung = false;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    let end = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        end = () => reject(signal.reason);
        signal.addEventListener('abort', end, { once: true });
      });
    } finally {
      signal.removeEventListener('abort', end);
      this.#wake = undefined;
    }
  }
}
