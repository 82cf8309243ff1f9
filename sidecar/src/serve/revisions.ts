/** What became otherwise after some revision. */
export interface Difference {
  readonly changed: readonly string[];
  readonly gone: readonly string[];
}

const TOMBSTONES = 1_000;

/**
 * Which name last changed when, counted in revisions: enough to tell anybody who knows an older revision what to look at
 * again, however often it changed in between.
 */
export class Revisions {
  readonly #changed = new Map<string, number>();
  /** Oldest first. */
  readonly #gone = new Map<string, number>();
  #current = 0;
  /** Before this revision it is not known any more what went. */
  #since = 0;

  get current(): number {
    return this.#current;
  }

  changed(name: string): void {
    this.#current += 1;
    this.#gone.delete(name);
    this.#changed.set(name, this.#current);
  }

  gone(name: string): void {
    this.#current += 1;
    this.#changed.delete(name);
    this.#gone.delete(name);
    this.#gone.set(name, this.#current);
    if (this.#gone.size <= TOMBSTONES) return;
    for (const [oldest, revision] of this.#gone) {
      this.#gone.delete(oldest);
      this.#since = revision;
      break;
    }
  }

  /** Sorted; undefined when the revision is too old, or none of ours. */
  after(revision: number): Difference | undefined {
    if (revision < this.#since || revision > this.#current) return undefined;
    return { changed: namesAfter(this.#changed, revision), gone: namesAfter(this.#gone, revision) };
  }
}

function namesAfter(revisions: ReadonlyMap<string, number>, revision: number): readonly string[] {
  return [...revisions].flatMap(([name, at]) => (at > revision ? [name] : [])).sort();
}
