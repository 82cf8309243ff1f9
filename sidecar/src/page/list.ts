import type { ApiSummary } from '../serve/api.ts';
import { byId, element, setText } from './dom.ts';
import type { Filters } from './filters.ts';
import type { Delta, Model } from './model.ts';
import { hrefOf } from './route.ts';
import { compareSummaries, count, stateWord, toneOf } from './words.ts';

interface Row {
  readonly item: HTMLLIElement;
  readonly link: HTMLAnchorElement;
  readonly state: HTMLSpanElement;
  readonly service: HTMLElement;
  readonly healthy: HTMLSpanElement;
  readonly targets: HTMLSpanElement;
  readonly remark: HTMLSpanElement;
  summary: ApiSummary;
}

const FLASH_MS = 1_600;

/** The list of upstreams: one row each, kept and brought up to date, trouble first. */
export class UpstreamList {
  readonly #model: Model;
  readonly #filters: Filters;
  readonly #list = byId('list', HTMLUListElement);
  readonly #rows = new Map<string, Row>();
  #open: string | undefined;
  /** The row that Tab leads to. */
  #stop: string | undefined;

  constructor(model: Model, filters: Filters) {
    this.#model = model;
    this.#filters = filters;
    this.#list.addEventListener('keydown', (event) => this.#move(event));
    this.#list.addEventListener('focusin', (event) => this.#noteFocus(event));
  }

  /** Shows what an event changed. */
  update(delta: Delta): void {
    if (delta.all) this.#reset();
    const focused = this.#focusedName();
    for (const name of delta.gone) this.#drop(name);
    for (const name of delta.changed) this.#put(name);
    if (delta.all || delta.changed.length + delta.gone.length > 0) this.filter();
    for (const name of delta.changed) this.#flash(name);
    if (focused !== undefined && this.#focusedName() !== focused) this.#rows.get(focused)?.link.focus();
  }

  /** Shows the rows that the filters let through, trouble first; only what is shown is part of the page. */
  filter(): void {
    const shown = [...this.#rows.values()]
      .filter(({ summary }) => this.#filters.lets(summary))
      .sort((a, b) => compareSummaries(a.summary, b.summary))
      .map(({ item }) => item);
    const wanted = new Set<Element>(shown);
    for (const item of [...this.#list.children]) if (!wanted.has(item)) item.remove();
    let next = this.#list.firstElementChild;
    for (const item of shown) {
      if (item === next) next = next.nextElementSibling;
      else this.#list.insertBefore(item, next);
    }
    this.#tellShown(shown.length);
    this.#keepStop();
  }

  /** Marks the row whose trail is open. */
  markOpen(name: string | undefined): void {
    if (this.#open !== undefined) this.#rows.get(this.#open)?.link.removeAttribute('aria-current');
    this.#open = name;
    if (name !== undefined) this.#rows.get(name)?.link.setAttribute('aria-current', 'true');
  }

  /** Puts the focus on a row; on the list when it is not there. */
  focus(name: string | undefined): void {
    const row = name === undefined ? undefined : this.#rows.get(name);
    if (row?.item.isConnected !== true) this.#list.focus();
    else row.link.focus();
  }

  /** Puts the focus on the first row that is shown. */
  focusFirst(): void {
    this.#shownLinks()[0]?.focus();
  }

  #reset(): void {
    for (const name of this.#rows.keys()) if (!this.#model.upstreams.has(name)) this.#drop(name);
    for (const name of this.#model.upstreams.keys()) this.#put(name);
  }

  #put(name: string): void {
    const summary = this.#model.upstreams.get(name);
    if (summary === undefined) return;
    const known = this.#rows.get(name);
    const row = known ?? createRow(summary);
    const isMoved = known === undefined || placeOf(known.summary) !== placeOf(summary);
    row.summary = summary;
    fill(row);
    // A row that belongs elsewhere is taken out, so that putting it in moves no other.
    if (isMoved) row.item.remove();
    this.#rows.set(name, row);
    if (name === this.#open) row.link.setAttribute('aria-current', 'true');
  }

  #drop(name: string): void {
    this.#rows.get(name)?.item.remove();
    this.#rows.delete(name);
  }

  #flash(name: string): void {
    const item = this.#rows.get(name)?.item;
    if (item === undefined) return;
    item.classList.add('fresh');
    setTimeout(() => item.classList.remove('fresh'), FLASH_MS);
  }

  #tellShown(shown: number): void {
    const all = this.#rows.size;
    const empty = byId('empty', HTMLParagraphElement);
    empty.hidden = shown > 0;
    setText(
      empty,
      all === 0
        ? 'Nothing is bound yet. Enable the plugin kong-upstream-healthcheck on a Kong Service, or add "upstreams:" to the config file.'
        : 'No upstream is like that.',
    );
    const text = shown === all ? count(all, 'upstream') : `${shown.toLocaleString('en')} of ${count(all, 'upstream')}`;
    setText(byId('shown', HTMLParagraphElement), text);
  }

  #move(event: KeyboardEvent): void {
    const links = this.#shownLinks();
    const active = document.activeElement;
    const at = active instanceof HTMLAnchorElement ? links.indexOf(active) : -1;
    const to = targetOf(event, at, links.length);
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    links[to]?.focus();
  }

  #noteFocus({ target }: FocusEvent): void {
    if (!(target instanceof HTMLAnchorElement)) return;
    this.#setStop(target.dataset.name);
  }

  /** Tab leads to one row, arrows to the others: a thousand stops would be none. */
  #keepStop(): void {
    const row = this.#stop === undefined ? undefined : this.#rows.get(this.#stop);
    if (row?.item.isConnected === true) return;
    this.#setStop(this.#shownLinks()[0]?.dataset.name);
  }

  #setStop(name: string | undefined): void {
    if (this.#stop !== undefined) this.#rows.get(this.#stop)?.link.setAttribute('tabindex', '-1');
    this.#stop = name;
    if (name !== undefined) this.#rows.get(name)?.link.setAttribute('tabindex', '0');
  }

  #shownLinks(): readonly HTMLAnchorElement[] {
    return [...this.#list.querySelectorAll<HTMLAnchorElement>('li > a')];
  }

  #focusedName(): string | undefined {
    const active = document.activeElement;
    return active instanceof HTMLAnchorElement && this.#list.contains(active) ? active.dataset.name : undefined;
  }
}

/** The name of the upstream says the service. */
function isPlain({ upstream, service }: ApiSummary): boolean {
  return upstream === service || upstream === `${service}.service.consul`;
}

/** What, besides its name, decides where it stands in the list. */
function placeOf(summary: ApiSummary): string {
  return `${toneOf(summary)} ${summary.remark !== ''}`;
}

function createRow(summary: ApiSummary): Row {
  const { upstream } = summary;
  const state = element('span', { class: 'state' });
  const service = element('small');
  const name = element('span', { class: 'name' }, upstream, service);
  const healthy = element('span', { class: 'healthy' });
  const targets = element('span', { class: 'targets' });
  const remark = element('span', { class: 'remark' });
  const link = element(
    'a',
    { class: 'row', attributes: { href: hrefOf(upstream), tabindex: '-1' }, data: { name: upstream } },
    state,
    name,
    healthy,
    targets,
    remark,
  );
  return { item: element('li', {}, link), link, state, service, healthy, targets, remark, summary };
}

function fill({ item, state, service, healthy, targets, remark, summary }: Row): void {
  const { instances } = summary;
  item.dataset.tone = toneOf(summary);
  setText(state, stateWord(summary));
  setText(service, isPlain(summary) ? '' : (summary.service ?? ''));
  setText(healthy, instances === null ? '–' : `${instances.healthy} of ${instances.registered}`);
  const share = instances === null || instances.registered === 0 ? 0 : instances.healthy / instances.registered;
  healthy.style.setProperty('--share', String(share));
  healthy.dataset.share = shareName(share, instances === null);
  setText(targets, String(summary.targets));
  targets.dataset.unit = summary.targets === 1 ? 'target' : 'targets';
  setText(remark, summary.remark);
}

function shareName(share: number, isUnknown: boolean): string {
  if (isUnknown) return 'unknown';
  if (share === 0) return 'none';
  return share < 1 ? 'some' : 'all';
}

function targetOf(event: KeyboardEvent, at: number, length: number): number | undefined {
  switch (event.key) {
    case 'ArrowDown':
      return Math.min(length - 1, at + 1);
    case 'ArrowUp':
      return Math.max(0, at - 1);
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return undefined;
  }
}
