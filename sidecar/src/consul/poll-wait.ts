/** What a poll may block for when nothing else is said: less than the 60 s after which many proxies end a silent request. */
export const USUAL_WAIT_MS = 55_000;
/** Below the 5 min that are Consul's own default, and the longest that some proxies take. */
const LONGEST_WAIT_MS = 240_000;
/** With more watches than this each poll blocks longer, so that what idle polls cost does not grow with their number. */
const WATCHES_AT_USUAL_WAIT = 180;
/** Leaves some of the 10 s for what Consul adds to each wait. */
const ROUND_MS = 8_000;
const MIN_WAIT_MS = 100;
/** For the answer itself, on top of what was waited. */
const ANSWER_MS = 5_000;

/** How long to wait for the answer to a query that blocks for so long: Consul adds up to a sixteenth on its own. */
export function pollTimeoutMs(waitMs: number, answerMs = ANSWER_MS): number {
  return Math.round(waitMs * (1 + 1 / 16)) + answerMs;
}

export interface PollWaitOptions {
  /** As somebody set it, in ms: then it is never longer. */
  readonly fixedMs?: number | undefined;
  /** Nothing may stay unseen for longer, in ms; how often Kong is read in full. */
  readonly unseenMs?: number;
  /** Within this time every watch has had its turn, however many there are; 8 s unless told otherwise. */
  readonly roundMs?: number;
}

/**
 * How long a poll may block.
 *
 * | watches                              | a poll blocks for                                           |
 * | ------------------------------------ | ----------------------------------------------------------- |
 * | up to 180                            | 55 s                                                        |
 * | more                                 | 55 s for each 180 of them, at most 240 s                    |
 * | more, behind a proxy that ends such  | 55 s, from the first 5xx that came later than that          |
 * | more than connections: they take turns | short enough for all to have their turn within one round  |
 */
export class PollWait {
  readonly #fixedMs: number | undefined;
  readonly #usualMs: number;
  readonly #roundMs: number;
  #mayBeLong = true;

  constructor({ fixedMs, unseenMs = Number.POSITIVE_INFINITY, roundMs = ROUND_MS }: PollWaitOptions) {
    this.#fixedMs = fixedMs;
    this.#usualMs = Math.min(unseenMs, fixedMs ?? USUAL_WAIT_MS);
    this.#roundMs = roundMs;
  }

  /** In ms, for so many watches that share so many connections. */
  ms(watches: number, connections: number): number {
    const alone = this.#alone(watches);
    if (watches <= connections) return alone;
    return Math.max(MIN_WAIT_MS, Math.min(alone, (this.#roundMs * connections) / watches));
  }

  /** A poll ended with this status after so many ms, before its wait was over. */
  refused(status: number, openMs: number): void {
    if (status >= 500 && openMs > this.#usualMs) this.#mayBeLong = false;
  }

  #alone(watches: number): number {
    if (this.#fixedMs !== undefined || !this.#mayBeLong) return this.#usualMs;
    const long = Math.min(LONGEST_WAIT_MS, (this.#usualMs * watches) / WATCHES_AT_USUAL_WAIT);
    return Math.max(this.#usualMs, long);
  }
}
