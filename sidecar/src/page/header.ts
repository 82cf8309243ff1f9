import type { ApiStatus } from '../serve/api.ts';
import { relativeTime } from './clock.ts';
import { byId, element, setText } from './dom.ts';
import type { Model } from './model.ts';
import { capital, count, isTrouble, type Tone } from './words.ts';

export type Connection =
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly since: string }
  | { readonly kind: 'none' };

/** The head of the page: is this sidecar ready, may it write, and does all that is below come from now? */
export class Header {
  readonly #model: Model;
  #shown = '';

  constructor(model: Model) {
    this.#model = model;
  }

  update(connection: Connection): void {
    const { status, upstreams } = this.#model;
    const trouble = [...upstreams.values()].filter(isTrouble).length;
    document.title = trouble > 0 ? `(${trouble}) kong-consul` : 'kong-consul';
    // Built anew only when something is otherwise: a screen reader hears what is new, and nothing else.
    const shown = JSON.stringify([status, connection]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    byId('banner', HTMLDivElement).replaceChildren(...bannerOf(status, connection));
    byId('pills', HTMLUListElement).replaceChildren(...pillsOf(status, connection));
    if (status === undefined) return;
    setText(byId('version', HTMLElement), status.version);
    byId('facts', HTMLDListElement).replaceChildren(...factsOf(status));
  }
}

const STAY =
  'Targets in Kong stay as they are; kong-consul doctor says what is missing. A restart is safe, and does not help.';

function bannerOf(status: ApiStatus | undefined, connection: Connection): readonly Node[] {
  if (connection.kind === 'lost') {
    const text = element('p', { data: { tone: 'bad' } }, 'The sidecar has not answered since ');
    const rest =
      status === undefined
        ? '. Trying again.'
        : '. What you see is from then. Kong keeps its targets, so starting it again is safe. Trying again.';
    text.append(new Date(connection.since).toLocaleTimeString(), rest);
    return [text];
  }
  if (status === undefined) return [];
  const { consul, kong, reasons } = status;
  return [
    ...(kong.problem === null
      ? []
      : [
          `Kong cannot be read: ${kong.problem}. It goes on with the targets it has; changes of Consul do not reach it.`,
        ]),
    ...(consul.problem === null ? [] : [`${capital(consul.problem)}. ${consul.failing === 0 ? '' : STAY}`]),
    ...reasons.map((reason) => `Not ready: ${reason}`),
  ].map((text) => element('p', { data: { tone: 'warn' } }, text));
}

function pillsOf(status: ApiStatus | undefined, connection: Connection): readonly Node[] {
  const live =
    connection.kind === 'live'
      ? pill('Live', 'good')
      : pill(connection.kind === 'lost' ? 'Disconnected' : 'Connecting', 'bad');
  // Whether it is ready, or leads, is not known any more.
  if (status === undefined || connection.kind === 'lost') return [live];
  return [
    live,
    status.ready ? pill('Ready', 'good') : pill('Not ready', 'warn'),
    status.leader ? pill('Leader', 'good') : pill('Follower: does not write', 'idle'),
    ...(status.dry_run ? [pill('Dry run: never writes', 'warn')] : []),
  ];
}

function pill(text: string, tone: Tone): Node {
  return element('li', { data: { tone } }, text);
}

function factsOf({ consul, kong, targets, owner, started, held_removals: held }: ApiStatus): readonly Node[] {
  const answer =
    consul.oldest_answer === null ? ['no answer yet'] : ['oldest answer ', relativeTime(consul.oldest_answer)];
  const failing = consul.failing === 0 ? '' : `${count(consul.failing, 'service')} cannot be read`;
  const watched = [count(consul.watches, 'service', 'watched'), ...(consul.watches === 0 ? [] : [', ', ...answer])];
  const health = kong.health_from.length === 0 ? '' : `; health from ${count(kong.health_from.length, 'data plane')}`;
  const about = kong.version === null ? 'no answer yet' : `${kong.version}, ${databaseText(kong.database)}${health}`;
  return [
    fact('Consul', consul.address, watched, failing),
    fact('Kong', kong.address, [about], kong.problem === null ? '' : 'cannot be read'),
    fact('Keeps', count(targets, 'target'), [`as owner ${owner}`], held === 0 ? '' : `${count(held, 'removal')} held`),
    fact('Started', relativeTime(started), [new Date(started).toLocaleString()], ''),
  ];
}

function fact(name: string, value: string | Node, more: readonly (string | Node)[], trouble: string): Node {
  return element(
    'div',
    {},
    element('dt', {}, name),
    element('dd', {}, element('b', {}, value)),
    element('dd', {}, ...more),
    ...(trouble === '' ? [] : [element('dd', { class: 'trouble' }, trouble)]),
  );
}

function databaseText(database: string | null): string {
  return database === 'off' ? 'without a database' : (database ?? '');
}
