/** What became otherwise after some revision. */
export interface Difference {
  readonly changed: readonly string[];
  readonly gone: readonly string[];
}

const TOMBSTONES = 1_000;
const SLACK = 1_000;

/**
 * Which name last changed when, counted in revisions: enough to tell anybody who knows an older revision what to look at
 * again, however often it changed in between.
 */
export class Revisions {
  readonly #changed = new Map<string, number>();
  /** Oldest first. A name that changed again since then stands there too, until that is tidied up. */
  #order: { readonly name: string; readonly at: number }[] = [];
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
    this.#order.push({ name, at: this.#current });
    if (this.#order.length > 2 * this.#changed.size + SLACK)
      this.#order = this.#order.filter((each) => this.#isLast(each));
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

  /** In time for what changed since, not for all there is. Sorted; undefined when the revision is too old, or none of ours. */
  after(revision: number): Difference | undefined {
    if (revision < this.#since || revision > this.#current) return undefined;
    return { changed: this.#changedAfter(revision).sort(), gone: this.#goneAfter(revision).sort() };
  }

  #changedAfter(revision: number): string[] {
    const names: string[] = [];
    for (let at = this.#order.length - 1; at >= 0; at -= 1) {
      const entry = this.#order[at];
      if (entry === undefined || entry.at <= revision) break;
      if (this.#isLast(entry)) names.push(entry.name);
    }
    return names;
  }

  #goneAfter(revision: number): string[] {
    return [...this.#gone].flatMap(([name, at]) => (at > revision ? [name] : []));
  }

  #isLast({ name, at }: { readonly name: string; readonly at: number }): boolean {
    return this.#changed.get(name) === at;
  }
}
