import type { ApiTrail } from '../serve/api.ts';
import { byId, element, setText } from './dom.ts';
import type { Delta, Model } from './model.ts';
import { authorization } from './stream.ts';
import { currentToken } from './token.ts';
import { trailContent } from './trail-content.ts';

/** Kong's own health moves without any event. */
const AGAIN_EVERY_MS = 5_000;
const AGAIN_AFTER_MS = 150;

/** The panel with all that lies between Consul and Kong for one upstream: what `explain` tells, kept up to date. */
export class Trail {
  readonly #model: Model;
  readonly #panel = byId('trail', HTMLElement);
  readonly #body = byId('trail-body', HTMLElement);
  #name: string | undefined;
  #shown = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model) {
    this.#model = model;
    // What scrolls must be reached by keys.
    this.#body.tabIndex = 0;
  }

  get name(): string | undefined {
    return this.#name;
  }

  open(name: string): void {
    if (this.#name === name) return;
    this.#name = name;
    this.#shown = '';
    const title = byId('trail-title', HTMLHeadingElement);
    setText(title, name);
    this.#body.replaceChildren(element('p', { class: 'none' }, 'Asking the sidecar.'));
    this.#panel.hidden = false;
    title.focus();
    this.#again(0);
  }

  close(): void {
    this.#name = undefined;
    this.#panel.hidden = true;
    clearTimeout(this.#timer);
  }

  /** Whether the sidecar answers: what is shown may be old. */
  markLost(isLost: boolean): void {
    byId('trail-lost', HTMLParagraphElement).hidden = !isLost;
  }

  /** Asks again when an event is about the upstream that is open. */
  update(delta: Delta): void {
    const name = this.#name;
    if (name === undefined) return;
    const isMeant = delta.changed.includes(name) || delta.gone.includes(name);
    const isWritten = delta.written.some(({ upstream }) => upstream === name);
    if (delta.all || isMeant || isWritten) this.#again(AGAIN_AFTER_MS);
  }

  #again(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#load().catch(() => this.#again(AGAIN_EVERY_MS));
    }, afterMs);
  }

  async #load(): Promise<void> {
    const name = this.#name;
    if (name === undefined) return;
    const content = document.hidden ? undefined : await read(name);
    if (this.#name !== name) return;
    if (content !== undefined) this.#show(name, content);
    this.#again(AGAIN_EVERY_MS);
  }

  #show(name: string, trail: ApiTrail | string): void {
    const changes = this.#model.changes.filter(({ upstream }) => upstream === name);
    const shown = JSON.stringify([typeof trail === 'string' ? trail : withoutTimes(trail), changes]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const open = openDetails(this.#body);
    const { scrollTop } = this.#body;
    this.#body.replaceChildren(
      ...(typeof trail === 'string' ? [element('p', { class: 'none' }, trail)] : trailContent(trail, changes)),
    );
    for (const details of this.#body.querySelectorAll('details')) {
      if (open.has(details.dataset.key ?? '')) details.open = true;
    }
    this.#body.scrollTop = scrollTop;
  }
}

/** The trail, or a sentence that says why there is none. */
async function read(name: string): Promise<ApiTrail | string> {
  const response = await fetch(`/api/v1/upstreams/${encodeURIComponent(name)}`, {
    headers: authorization(currentToken()),
    cache: 'no-store',
  });
  if (response.status === 404) return 'The sidecar knows no upstream of this name any more.';
  if (!response.ok) return `The sidecar answered ${response.status}.`;
  const trail: ApiTrail = await response.json();
  return trail;
}

/** The same trail looked at again is no news. */
function withoutTimes({ updated: _, last_answer: __, ...trail }: ApiTrail): unknown {
  return trail;
}

function openDetails(body: HTMLElement): ReadonlySet<string> {
  return new Set(
    [...body.querySelectorAll('details')].filter(({ open }) => open).map(({ dataset }) => dataset.key ?? ''),
  );
}
