/** Ids in order, cheap to change and to page through: put in order when they are read. */
export class SortedIds {
  readonly #members = new Set<string>();
  /** Still standing in the list. */
  readonly #removed = new Set<string>();
  #list: string[] = [];
  #isSorted = true;

  get size(): number {
    return this.#members.size;
  }

  has(id: string): boolean {
    return this.#members.has(id);
  }

  add(id: string): void {
    if (this.#members.has(id)) return;
    this.#members.add(id);
    if (this.#removed.delete(id)) return;
    this.#isSorted &&= this.#list.length === 0 || (this.#list.at(-1) ?? '') < id;
    this.#list.push(id);
  }

  delete(id: string): void {
    if (this.#members.delete(id)) this.#removed.add(id);
  }

  /** To be read at once: it changes with the next change. */
  list(): readonly string[] {
    if (this.#removed.size > 0) this.#list = this.#list.filter((id) => this.#members.has(id));
    this.#removed.clear();
    if (!this.#isSorted) this.#list.sort();
    this.#isSorted = true;
    return this.#list;
  }
}
