import { messageOf } from '../net/message-of.ts';
import { backoffMs, sleep } from '../net/sleep.ts';

/** What is read again and again. */
export type RoundKind = 'bindings' | 'resync' | 'owner_check';

/** Told after every round, with what went wrong if something did. */
export type RoundListener = (kind: RoundKind, problem: string | undefined) => void;

const RETRY_BASE_MS = 200;
const RETRY_FLOOR_MS = 100;
const RETRY_CAP_MS = 2_000;

/** Looks at all of Kong or all bindings: a round that fails is told, and another comes. */
export class Rounds {
  readonly #onRound: RoundListener;
  readonly #signal: AbortSignal;

  constructor(onRound: RoundListener, signal: AbortSignal) {
    this.#onRound = onRound;
    this.#signal = signal;
  }

  /** Whether it went well. Rejects only with the signal's reason. */
  async once(kind: RoundKind, round: () => Promise<void>): Promise<boolean> {
    try {
      await round();
      this.#onRound(kind, undefined);
      return true;
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#onRound(kind, messageOf(error));
      return false;
    }
  }

  async untilDone(kind: RoundKind, round: () => Promise<void>): Promise<void> {
    for (let attempt = 0; !(await this.once(kind, round)); attempt += 1) {
      await sleep(Math.max(RETRY_FLOOR_MS, backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS)), this.#signal);
    }
  }

  async every(everyMs: number, kind: RoundKind, round: () => Promise<void>): Promise<void> {
    for (;;) {
      await sleep(everyMs, this.#signal);
      await this.once(kind, round);
    }
  }
}
