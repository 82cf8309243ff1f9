import { nowMs, setClock, startClock } from './clock.ts';
import { byId, isTyping } from './dom.ts';
import { Filters } from './filters.ts';
import { type Connection, Header } from './header.ts';
import { UpstreamList } from './list.ts';
import { type Delta, Model } from './model.ts';
import { upstreamOf } from './route.ts';
import type { SseEvent } from './sse-parser.ts';
import { followEvents } from './stream.ts';
import { startTheme } from './theme.ts';
import { Timeline } from './timeline.ts';
import { askToken, takeToken } from './token.ts';
import { Trail } from './trail.ts';

const model = new Model();
const header = new Header(model);
const filters = new Filters(() => list.filter());
const list = new UpstreamList(model, filters);
const timeline = new Timeline(model);
const trail = new Trail(model);
let connection: Connection = { kind: 'none' };

startTheme();
startClock();
startViews();
addEventListener('hashchange', () => followRoute());
addEventListener('keydown', (event) => react(event));
byId('close', HTMLButtonElement).addEventListener('click', () => closeTrail());
header.update(connection);
await followEvents(takeToken(), {
  onEvent: (event, clockMs) => {
    setClock(clockMs);
    take(event);
  },
  onLost: () => {
    if (connection.kind !== 'lost') connection = { kind: 'lost', since: new Date(nowMs()).toISOString() };
    header.update(connection);
    trail.markLost(true);
  },
  onLocked: () => askToken(),
});

function take(event: SseEvent): void {
  const delta = deltaOf(event);
  if (delta === undefined) return;
  connection = { kind: 'live' };
  byId('content', HTMLDivElement).hidden = false;
  if (delta.all || delta.changed.length + delta.gone.length > 0) filters.count(model.upstreams.values());
  list.update(delta);
  timeline.update(delta);
  trail.update(delta);
  trail.markLost(false);
  header.update(connection);
  if (delta.all) followRoute();
}

function deltaOf({ event, data }: SseEvent): Delta | undefined {
  switch (event) {
    case 'snapshot':
      return model.snapshot(JSON.parse(data));
    case 'upstreams':
      return model.moved(JSON.parse(data));
    case 'changes':
      return model.written(JSON.parse(data));
    case 'status':
      return model.told(JSON.parse(data));
    default:
      return undefined;
  }
}

function followRoute(): void {
  const name = upstreamOf(location.hash);
  if (name === undefined) {
    if (trail.name !== undefined) closeTrail();
    return;
  }
  list.markOpen(name);
  trail.open(name);
}

function closeTrail(): void {
  const { name } = trail;
  trail.close();
  list.markOpen(undefined);
  if (location.hash !== '') history.pushState(null, '', location.pathname);
  list.focus(name);
}

/** `/` searches, Escape closes or empties, an arrow leads from the search into the list. */
function react(event: KeyboardEvent): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === 'Escape') {
    if (event.target === byId('search', HTMLInputElement) && filters.clear()) return;
    if (trail.name !== undefined) closeTrail();
  } else if (event.key === '/' && !isTyping(event.target)) {
    event.preventDefault();
    filters.focus();
  } else if (event.key === 'ArrowDown' && event.target === byId('search', HTMLInputElement)) {
    event.preventDefault();
    list.focusFirst();
  }
}

/** Where there is no room for both, one of the two is shown. */
function startViews(): void {
  const content = byId('content', HTMLDivElement);
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('button[data-view]')];
  for (const button of buttons) {
    button.addEventListener('click', () => {
      content.dataset.view = button.dataset.view;
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === button));
    });
  }
}
