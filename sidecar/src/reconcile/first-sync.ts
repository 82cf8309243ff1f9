/**
 * How far the first sync is. Removals begin when every bound service has had its first trusted answer, or has been waited
 * for; it is done when every upstream has been looked at since, so that what was missing is written, held or refused.
 */
export class FirstSync {
  readonly #patienceMs: number;
  readonly #startedAtMs = Date.now();
  #unanswered = new Set<string>();
  #unseen = new Set<string>();
  #mayRemove = false;

  /** @param patienceMs longest wait for the answers */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  get mayRemove(): boolean {
    return this.#mayRemove;
  }

  get isDone(): boolean {
    return this.#mayRemove && this.#unseen.size === 0;
  }

  /** Keys of the bound services that Consul has not told of yet. */
  awaits(keys: Iterable<string>): void {
    this.#unanswered = new Set(keys);
  }

  /** Consul has told of this service. */
  answered(key: string): void {
    this.#unanswered.delete(key);
  }

  /** True once: when removals may begin, and all upstreams are to be looked at again. */
  begin(upstreams: () => Iterable<string>): boolean {
    const isOver = this.#unanswered.size === 0 || Date.now() - this.#startedAtMs >= this.#patienceMs;
    if (this.#mayRemove || !isOver) return false;
    this.#mayRemove = true;
    this.#unseen = new Set(upstreams());
    return true;
  }

  /** This upstream needs nothing more for now. */
  saw(upstream: string): void {
    this.#unseen.delete(upstream);
  }
}
