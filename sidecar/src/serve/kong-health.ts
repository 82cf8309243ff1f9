import type { UpstreamHealth } from '../kong/health-reader.ts';
import { deadline } from '../net/deadline.ts';
import { FairQueue } from '../net/fair-queue.ts';
import { messageOf } from '../net/message-of.ts';

type Ask = (upstream: string, signal: AbortSignal) => Promise<UpstreamHealth>;

interface Kept {
  readonly answer: Promise<UpstreamHealth>;
  readonly askedMs: number;
}

const FRESH_MS = 2_000;
/** For a turn and the answers; each node has its own limit below this. */
const TIMEOUT_MS = 4_000;
const TOO_LATE = `Kong did not answer within ${TIMEOUT_MS / 1000} s`;
const AT_ONCE = 2;
const KEPT = 64;

/**
 * Asks Kong when somebody looks, never by itself: an answer serves everybody for a moment, and few questions are open at
 * once, so that people who look cannot get in the way of syncing.
 */
export class KongHealth {
  readonly #ask: Ask;
  readonly #signal: AbortSignal;
  readonly #queue = new FairQueue(AT_ONCE);
  /** Oldest first. */
  readonly #kept = new Map<string, Kept>();

  constructor(ask: Ask, signal: AbortSignal) {
    this.#ask = ask;
    this.#signal = signal;
  }

  of(upstream: string): Promise<UpstreamHealth> {
    const nowMs = performance.now();
    const kept = this.#kept.get(upstream);
    if (kept !== undefined && nowMs - kept.askedMs < FRESH_MS) return kept.answer;
    const answer = this.#read(upstream);
    this.#kept.delete(upstream);
    this.#kept.set(upstream, { answer, askedMs: nowMs });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    return answer;
  }

  async #read(upstream: string): Promise<UpstreamHealth> {
    using limit = deadline(this.#signal, TIMEOUT_MS);
    try {
      return await this.#queue.run(upstream, limit.signal, () => this.#ask(upstream, limit.signal));
    } catch (error) {
      const reason = messageOf(error);
      return { health: null, notes: [`health is not known: ${limit.expired() ? TOO_LATE : reason}`] };
    }
  }
}
