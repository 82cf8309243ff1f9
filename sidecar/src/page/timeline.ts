import type { ApiChange } from '../serve/api.ts';
import { relativeTime } from './clock.ts';
import { breakable, byId, element } from './dom.ts';
import type { Delta, Model } from './model.ts';
import { hrefOf } from './route.ts';

/** The last changes written to Kong, newest first. */
export class Timeline {
  readonly #model: Model;
  readonly #list = byId('timeline', HTMLOListElement);

  constructor(model: Model) {
    this.#model = model;
    // What scrolls must be reached by keys.
    this.#list.tabIndex = 0;
  }

  /** Shows what an event added. */
  update(delta: Delta): void {
    if (delta.all) this.#list.replaceChildren(...this.#model.changes.map((change) => entryOf(change)));
    else this.#list.prepend(...delta.written.map((change) => entryOf(change)));
    while (this.#list.childElementCount > this.#model.changes.length) this.#list.lastElementChild?.remove();
    if (this.#model.changes.length > 0) return;
    this.#list.replaceChildren(
      element(
        'li',
        { class: 'none' },
        'Nothing was written since this sidecar started: Kong already held what it should.',
      ),
    );
  }
}

/** One change, with its upstream or, where that is known, without. */
export function entryOf(change: ApiChange, isAlone = false): HTMLLIElement {
  const name = element('a', { attributes: { href: hrefOf(change.upstream) } }, ...breakable(change.upstream));
  const drift = element('em', {}, 'somebody else had changed it in Kong');
  return element(
    'li',
    { data: { kind: markOf(change.kind) } },
    element('p', { class: 'when' }, ...(isAlone ? [] : [name]), relativeTime(change.at)),
    element('p', { class: 'what' }, change.text, ...(change.drift ? [' ', drift] : [])),
  );
}

function markOf(kind: string): string {
  if (kind === 'remove-target' || kind === 'delete-upstream') return 'less';
  return kind === 'add-target' || kind === 'create-upstream' ? 'more' : 'other';
}
