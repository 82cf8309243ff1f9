import { setMaxListeners } from 'node:events';
import type { Lock } from '../consul/lock.ts';
import { messageOf } from '../net/message-of.ts';
import { backoffMs, sleep } from '../net/sleep.ts';
import { Stopwatch } from '../net/stopwatch.ts';
import { type Leadership, NotLeaderError } from './leadership.ts';

/** Told what becomes of the election. */
export interface ElectionListener {
  /** This sidecar may write from now on. */
  readonly onGained: () => void;
  readonly onLost: (reason: string) => void;
  /** Another one leads, by the name it gave itself. */
  readonly onLeader: (holder: string | undefined) => void;
  readonly onProblem: (problem: string) => void;
}

export interface ElectionOptions {
  readonly lock: Lock;
  /** How this sidecar calls itself in the lock. */
  readonly holder: string;
  /** The longest time until another takes over from one that died. At least 25 s. */
  readonly takeoverMs: number;
  readonly listener: ElectionListener;
}

interface Campaign {
  readonly session: string;
  /** Runs since just before the last request that Consul took as a sign of life. */
  renewed: Stopwatch;
  hasLock: boolean;
}

interface Term {
  readonly number: number;
  readonly over: AbortController;
}

/** Consul keeps a session for up to twice its TTL (its documentation calls the TTL a lower bound). */
const TTL_FACTOR = 2;
/** For the lock delay, and for the others to notice. */
const NOTICE_MS = 5_000;
/** Of the TTL; the rest is for a write that is under way. */
const LEASE_SHARE = 0.9;
const RENEWALS_PER_TTL = 3;
const RETRY_MS = 500;
const RETRY_CAP_MS = 5_000;
const GOODBYE_MS = 1_000;

/**
 * Leader election by a Consul session and lock. The lease is counted from before a renewal was sent, on this machine's
 * own clocks, and ends before Consul could end the session: so two never write at once, even when one of them was
 * frozen, or cut off from Consul.
 */
export class Election implements Leadership {
  readonly #options: ElectionOptions;
  readonly #ttlMs: number;
  #campaign: Campaign | undefined;
  #term: Term | undefined;
  #terms = 0;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#ttlMs = Math.floor((options.takeoverMs - NOTICE_MS) / TTL_FACTOR);
  }

  /** The number of the term in which this sidecar leads; undefined when it does not. */
  term(): number | undefined {
    return this.#leaseLeftMs() > 0 ? this.#term?.number : undefined;
  }

  /**
   * Asked for right before each write, whose end it is when it is aborted.
   * @throws NotLeaderError when this sidecar may not write now
   */
  fence(): AbortSignal {
    const term = this.#term;
    if (term === undefined || this.#leaseLeftMs() <= 0) throw new NotLeaderError('this sidecar does not lead');
    return term.over.signal;
  }

  /** Takes part until the signal is aborted, then frees the lock. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.#takePart(signal, () => {
          attempt = 0;
        });
      } catch (error) {
        if (!signal.aborted) this.#options.listener.onProblem(messageOf(error));
      }
      await sleep(RETRY_MS / 2 + backoffMs(attempt, RETRY_MS, RETRY_CAP_MS), signal).catch(() => {});
    }
  }

  /** One session, from its creation until it is gone. */
  async #takePart(signal: AbortSignal, onSession: () => void): Promise<void> {
    const renewed = new Stopwatch();
    const session = await this.#options.lock.createSession(this.#ttlMs, signal);
    onSession();
    const campaign: Campaign = { session, renewed, hasLock: false };
    this.#campaign = campaign;
    const over = new AbortController();
    const end = () => over.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    try {
      await Promise.race([this.#renew(campaign, over.signal), this.#contend(campaign, over.signal)]);
    } finally {
      signal.removeEventListener('abort', end);
      this.#campaign = undefined;
      this.#endTerm(signal.aborted ? undefined : 'the session is gone');
      over.abort(new Error('the session is over'));
      await this.#options.lock.destroy(session, AbortSignal.timeout(GOODBYE_MS)).catch(() => {});
    }
  }

  async #renew(campaign: Campaign, signal: AbortSignal): Promise<void> {
    for (let pauseMs = this.#ttlMs / RENEWALS_PER_TTL; ; ) {
      await sleep(pauseMs, signal);
      const asked = new Stopwatch();
      try {
        if (!(await this.#options.lock.renew(campaign.session, signal))) return;
        campaign.renewed = asked;
        pauseMs = this.#ttlMs / RENEWALS_PER_TTL;
        this.#settle();
      } catch (error) {
        signal.throwIfAborted();
        this.#options.listener.onProblem(messageOf(error));
        pauseMs = jitteredRetryMs();
      }
    }
  }

  async #contend(campaign: Campaign, signal: AbortSignal): Promise<void> {
    const { lock, holder, listener } = this.#options;
    for (let index = 0n; ; ) {
      try {
        const state = await lock.read(index, this.#ttlMs, signal);
        index = state.index < index ? 0n : state.index;
        campaign.hasLock = state.session === campaign.session;
        this.#settle();
        if (campaign.hasLock) continue;
        if (state.session !== undefined) {
          listener.onLeader(state.holder);
          continue;
        }
        index = 0n;
        // During its lock delay Consul gives the lock to nobody, and nothing tells when that is over.
        if (!(await lock.acquire(campaign.session, holder, signal))) await sleep(jitteredRetryMs(), signal);
      } catch (error) {
        signal.throwIfAborted();
        listener.onProblem(messageOf(error));
        index = 0n;
        await sleep(jitteredRetryMs(), signal);
      }
    }
  }

  /** Begins or ends the term by what is known of lock and lease. */
  #settle(): void {
    const leads = this.#campaign?.hasLock === true && this.#leaseLeftMs() > 0;
    if (!leads) {
      this.#endTerm('another may have the lock');
      return;
    }
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#endTerm('Consul did not renew the session in time'), this.#leaseLeftMs());
    if (this.#term !== undefined) return;
    this.#terms += 1;
    this.#term = { number: this.#terms, over: new AbortController() };
    setMaxListeners(0, this.#term.over.signal);
    this.#options.listener.onGained();
  }

  /** Without a reason it ends because the program does, which is not worth telling. */
  #endTerm(reason: string | undefined): void {
    clearTimeout(this.#expiry);
    const term = this.#term;
    if (term === undefined) return;
    this.#term = undefined;
    term.over.abort(new NotLeaderError(`this sidecar does not lead any more: ${reason ?? 'it ends'}`));
    if (reason !== undefined) this.#options.listener.onLost(reason);
  }

  #leaseLeftMs(): number {
    if (this.#campaign === undefined) return 0;
    return this.#ttlMs * LEASE_SHARE - this.#campaign.renewed.elapsedMs;
  }
}

function jitteredRetryMs(): number {
  return RETRY_MS / 2 + backoffMs(0, RETRY_MS, RETRY_MS);
}
