import type { Change } from '../core/change.ts';
import { describeChange } from '../core/describe.ts';
import type { ApiChange } from './api.ts';

const KEPT = 200;

/** The last changes that were written to Kong. */
export class ChangeHistory {
  readonly #entries: ApiChange[] = [];
  #lastId = 0;

  /** The id of the last change; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  add(change: Change, drift: boolean): void {
    this.#lastId += 1;
    this.#entries.push({
      id: this.#lastId,
      at: new Date().toISOString(),
      upstream: change.upstream,
      kind: change.kind,
      text: describeChange(change),
      drift,
    });
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  /** Newest first, those after `id` only. */
  since(id: number): readonly ApiChange[] {
    return this.#entries.filter((entry) => entry.id > id).reverse();
  }
}
