import { element, setText } from './dom.ts';
import { durationOf } from './words.ts';

const EVERY_MS = 1_000;
let aheadMs = 0;

/** The server's clock may be ahead of ours. */
export function setClock(ms: number): void {
  aheadMs = ms;
}

/** Now, by the server's clock, in ms since the epoch. */
export function nowMs(): number {
  return Date.now() + aheadMs;
}

/** `5 min ago` or `in 5 min`, kept up to date while it is on the page. */
export function relativeTime(iso: string): HTMLTimeElement {
  const title = new Date(iso).toLocaleString();
  const node = element('time', { attributes: { datetime: iso, title }, data: { relative: '' } });
  node.textContent = relativeText(iso);
  return node;
}

/** Keeps all relative times up to date. */
export function startClock(): void {
  setInterval(() => {
    if (document.hidden) return;
    for (const node of document.querySelectorAll('time[data-relative]')) {
      setText(node, relativeText(node.getAttribute('datetime') ?? ''));
    }
  }, EVERY_MS);
}

function relativeText(iso: string): string {
  const ms = nowMs() - Date.parse(iso);
  if (Math.abs(ms) < 1_500) return 'now';
  return ms > 0 ? `${durationOf(ms)} ago` : `in ${durationOf(-ms)}`;
}
