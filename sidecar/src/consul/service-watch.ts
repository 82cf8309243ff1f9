import type { ServiceQuery } from '../core/binding.ts';
import { instanceKey } from '../core/instance.ts';
import type { Gate } from '../net/gate.ts';
import { backoffMs, sleep } from '../net/sleep.ts';
import { TokenBucket } from '../net/token-bucket.ts';
import type { ConsulClient } from './client.ts';
import { UntrustedAnswerError } from './errors.ts';
import { type HealthAnswer, readHealth } from './health.ts';
import { pollTimeoutMs } from './poll-wait.ts';
import { readFailureOf } from './read-failure.ts';
import type { ReadFailure, WatchState } from './snapshot.ts';

/** What all watches need from their surroundings, which know them by their keys. */
export interface WatchSurroundings {
  readonly client: ConsulClient;
  readonly gate: Gate;
  readonly maxStaleMs: number;
  /** How long a poll may block now; shorter while watches take turns. */
  readonly waitMs: () => number;
  /** Runs one poll when a connection is free. */
  readonly whenConnected: <T>(key: string, poll: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  readonly onChange: (key: string, state: WatchState) => void;
  readonly onFailure: (key: string, state: WatchState, failure: ReadFailure) => void;
  readonly onRecovery: (key: string, state: WatchState) => void;
  /** A poll that was open for so long ended with an answer that is not used. */
  readonly onRefusal: (status: number, openMs: number) => void;
  /** The index is forgotten: the next read starts from the beginning. */
  readonly onRestart: () => void;
}

const MIN_GAP_MS = 50;
const GAP_JITTER_MS = 25;
/** Answers that bring nothing new: a few at once, one a second over time. */
const IDLE_POLLS_PER_SECOND = 1;
const IDLE_POLLS_BURST = 5;
const BACKOFF_BASE_MS = 200;
const BACKOFF_CAP_MS = 4_000;
const RETRY_AFTER_CAP_MS = 60_000;
const FIRST_WAIT_SHARE = 0.1;
/** A first answer comes at once, so it may not take as long as one that blocks. */
const UNBLOCKED_WAIT_MS = 5_000;

/**
 * The long-poll loop of one service.
 *
 * | answer                                  | what happens                                             |
 * | --------------------------------------- | -------------------------------------------------------- |
 * | trusted, other content                  | reported; next poll blocks on its index                  |
 * | trusted, same content                   | nothing happened; polls of this kind are rationed        |
 * | trusted, index lower than the last      | not used; read again from 0, and that answer counts      |
 * | streamed, and an instance is missing    | read again from 0, and that answer counts                |
 * | trusted, index 0                        | as index 1, after a pause (Consul's rule for clients)    |
 * | untrusted or none                       | changes nothing; back-off with full jitter; read from 0  |
 */
export class ServiceWatch {
  readonly #key: string;
  readonly #surroundings: WatchSurroundings;
  readonly #idlePolls = new TokenBucket(IDLE_POLLS_PER_SECOND, IDLE_POLLS_BURST);
  #state: WatchState;
  #index = 0n;
  #attempt = 0;
  #isSpread = false;

  constructor(key: string, query: ServiceQuery, surroundings: WatchSurroundings) {
    this.#key = key;
    this.#surroundings = surroundings;
    this.#state = { query, snapshot: undefined, lastSuccessMs: undefined, failure: undefined, failures: 0 };
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Polls until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const pauseMs = await this.#turn(signal);
        await sleep(pauseMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  /**
   * Asks the leader again, now, without blocking: what the guard wants before it takes much away.
   * @throws when the answer cannot be trusted, which is told as any failed read; what was known stays
   */
  async confirm(signal: AbortSignal): Promise<WatchState> {
    try {
      return await this.#readNow(true, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#note(readFailureOf(error));
      throw error;
    }
  }

  /** Reads the service now, whenever its turn is. @throws as `confirm` */
  async refresh(signal: AbortSignal): Promise<void> {
    await this.#readNow(false, signal);
  }

  async #readNow(consistent: boolean, signal: AbortSignal): Promise<WatchState> {
    const answer = await this.#read(0n, consistent, signal);
    // A poll still open may bring an older answer: with this index it counts as going back, and is read again.
    this.#index = answer.index === 0n ? 1n : answer.index;
    this.#accept(answer);
    return this.#state;
  }

  async #turn(signal: AbortSignal): Promise<number> {
    try {
      const answer = await this.#poll(this.#index, signal);
      if (answer.index < this.#index) {
        this.#restart();
        return this.#idlePause();
      }
      return this.#take(this.#mayHide(answer) ? await this.#poll(0n, signal) : answer);
    } catch (error) {
      signal.throwIfAborted();
      return this.#fail(error);
    }
  }

  #take(answer: HealthAnswer): number {
    this.#index = answer.index === 0n ? 1n : answer.index;
    const changed = this.#accept(answer);
    this.#attempt = 0;
    if (answer.index === 0n) return 1_000 + jitter();
    return changed ? MIN_GAP_MS + jitter() : this.#idlePause();
  }

  /** A stream does not say that it lacks an instance only because the token may not see it any more: a plain read does. */
  #mayHide(answer: HealthAnswer): boolean {
    const { snapshot } = this.#state;
    if (!answer.streamed || snapshot === undefined || snapshot.digest === answer.digest) return false;
    const seen = new Set(answer.parse().instances.map(instanceKey));
    return snapshot.instances.some((instance) => !seen.has(instanceKey(instance)));
  }

  #poll(index: bigint, signal: AbortSignal): Promise<HealthAnswer> {
    return this.#surroundings.whenConnected(
      this.#key,
      async () => {
        const startMs = performance.now();
        try {
          return await this.#read(index, false, signal);
        } catch (error) {
          if (error instanceof UntrustedAnswerError)
            this.#surroundings.onRefusal(error.status, performance.now() - startMs);
          throw error;
        }
      },
      signal,
    );
  }

  async #read(index: bigint, consistent: boolean, signal: AbortSignal): Promise<HealthAnswer> {
    const { client, maxStaleMs } = this.#surroundings;
    const waitMs = Math.round(index === 0n ? UNBLOCKED_WAIT_MS : this.#surroundings.waitMs() * this.#share());
    const timeoutMs = pollTimeoutMs(waitMs);
    const { query, snapshot } = this.#state;
    const knownDigest = snapshot?.digest;
    return await readHealth(client, { query, index, waitMs, timeoutMs, consistent, maxStaleMs, knownDigest }, signal);
  }

  /** Whether the content is news. */
  #accept(answer: HealthAnswer): boolean {
    const nowMs = Date.now();
    const wasFailing = this.#state.failure !== undefined;
    const changed = this.#state.snapshot?.digest !== answer.digest;
    const snapshot =
      this.#state.snapshot === undefined || changed
        ? { ...answer.parse(), index: answer.index, digest: answer.digest, atMs: nowMs }
        : { ...this.#state.snapshot, index: answer.index };
    this.#state = { ...this.#state, snapshot, lastSuccessMs: nowMs, failure: undefined, failures: 0 };
    if (wasFailing) this.#surroundings.onRecovery(this.#key, this.#state);
    if (changed) this.#surroundings.onChange(this.#key, this.#state);
    return changed;
  }

  async #fail(error: unknown): Promise<number> {
    this.#note(readFailureOf(error));
    this.#restart();
    if (isOutage(error)) await this.#surroundings.gate.pass();
    const asked = error instanceof UntrustedAnswerError ? error.retryAfterMs : undefined;
    this.#attempt += 1;
    const pauseMs = backoffMs(this.#attempt, BACKOFF_BASE_MS, BACKOFF_CAP_MS) + MIN_GAP_MS;
    return asked === undefined ? pauseMs : Math.max(pauseMs, Math.min(asked, RETRY_AFTER_CAP_MS));
  }

  #note(failure: ReadFailure): void {
    this.#state = { ...this.#state, failure, failures: this.#state.failures + 1 };
    this.#surroundings.onFailure(this.#key, this.#state, failure);
  }

  /** Watches begin together: the first wait of each is shorter by chance, so that they do not all end in the same second. */
  #share(): number {
    if (this.#isSpread) return 1;
    this.#isSpread = true;
    return FIRST_WAIT_SHARE + (1 - FIRST_WAIT_SHARE) * Math.random();
  }

  #restart(): void {
    this.#index = 0n;
    this.#surroundings.onRestart();
  }

  #idlePause(): number {
    return Math.max(MIN_GAP_MS, this.#idlePolls.reserve()) + jitter();
  }
}

function jitter(): number {
  return Math.random() * GAP_JITTER_MS;
}

/** Worth asking Consul itself whether it is up, before this service is asked again. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof UntrustedAnswerError)) return true;
  return error.status >= 500 || error.reason === 'no_leader';
}
