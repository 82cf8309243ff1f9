import type { Logger } from 'pino';
import type { ReadFailure, WatchState } from '../consul/snapshot.ts';

/** So many services are named; of more at once there is one line with their number. */
const NAMED = 3;
const GATHER_MS = 1_000;

/**
 * What cannot be read from Consul, told once an outage: by name while it is a few services, else in one line with how
 * many they are, for a token that is revoked takes a thousand services away at once.
 */
export class OutageLog {
  readonly #log: Logger;
  readonly #fails: (key: string) => boolean;
  /** Services that cannot be read, and whether that was told of them by name. */
  readonly #failing = new Map<string, boolean>();
  #last: ReadFailure | undefined;
  #isMany = false;
  #timer: NodeJS.Timeout | undefined;

  /** `fails`: whether a service is watched, and cannot be read now. */
  constructor(log: Logger, fails: (key: string) => boolean) {
    this.#log = log;
    this.#fails = fails;
  }

  failed(key: string, { query }: WatchState, failure: ReadFailure): void {
    this.#last = failure;
    const data = { service: query.service, reason: failure.reason, problem: failure.why };
    if (this.#failing.has(key)) {
      this.#log.debug(data, 'Consul still cannot be read');
      return;
    }
    const isNamed = this.#countUpTo(NAMED) < NAMED;
    this.#failing.set(key, isNamed);
    if (isNamed) this.#log.warn(data, 'Consul cannot be read: targets stay as they are');
    else this.#timer ??= setTimeout(() => this.#tellMany(), GATHER_MS).unref();
  }

  recovered(key: string, { query }: WatchState): void {
    const wasNamed = this.#failing.get(key) === true;
    this.#failing.delete(key);
    this.#log[wasNamed ? 'info' : 'debug']({ service: query.service }, 'Consul can be read again');
    if (this.#countUpTo(1) > 0) return;
    if (this.#isMany) this.#log.info('Consul can be read again for all services');
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isMany = false;
  }

  #tellMany(): void {
    this.#timer = undefined;
    const services = this.#countUpTo(Number.POSITIVE_INFINITY);
    if (this.#last === undefined || services <= NAMED) return;
    this.#isMany = true;
    const data = { services, reason: this.#last.reason, problem: this.#last.why };
    this.#log.warn(data, 'Consul cannot be read for many services: targets stay as they are');
  }

  /** How many cannot be read, as far as that matters. One that nobody watches any more never recovers: it is left out. */
  #countUpTo(most: number): number {
    let count = 0;
    for (const key of this.#failing.keys()) {
      if (count >= most) break;
      if (this.#fails(key)) count += 1;
      else this.#failing.delete(key);
    }
    return count;
  }
}
