import { type SseEvent, SseParser } from './sse-parser.ts';

/** What a stream tells besides its events. */
export interface StreamListener {
  /** Each event, and how far the server's clock is ahead of ours, in ms. */
  onEvent(event: SseEvent, clockMs: number): void;
  /** Nothing comes any more; it is tried again. */
  onLost(): void;
  /** The token is missing or wrong. @returns the next one to try */
  onLocked(): Promise<string>;
}

const PATH = '/api/v1/events';
const RETRY_FIRST_MS = 400;
const RETRY_CAP_MS = 5_000;
/** The server says something every 10 s. */
const SILENCE_MS = 25_000;

/** Follows the events for as long as the page is open: by `fetch`, as `EventSource` cannot send a token. */
export async function followEvents(firstToken: string | undefined, listener: StreamListener): Promise<never> {
  let token = firstToken;
  let lastId: string | undefined;
  let waitMs = RETRY_FIRST_MS;
  for (;;) {
    try {
      const outcome = await readStream(token, lastId, {
        ...listener,
        onEvent: (event, clockMs) => {
          lastId = event.id ?? lastId;
          waitMs = RETRY_FIRST_MS;
          listener.onEvent(event, clockMs);
        },
      });
      if (outcome === 'locked') {
        token = await listener.onLocked();
        continue;
      }
    } catch {
      // Gone, or cut off: the same as an end.
    }
    listener.onLost();
    await pause(waitMs * (0.75 + Math.random() / 2));
    waitMs = Math.min(RETRY_CAP_MS, waitMs * 2);
  }
}

async function readStream(
  token: string | undefined,
  lastId: string | undefined,
  listener: StreamListener,
): Promise<'locked' | 'ended'> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const headers = { ...authorization(token), ...(lastId !== undefined && { 'Last-Event-ID': lastId }) };
    const response = await fetch(PATH, { headers, signal: silence.signal, cache: 'no-store' });
    if (response.status === 401) return 'locked';
    if (!response.ok || response.body === null) return 'ended';
    const clockMs = clockOf(response);
    const parser = new SseParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'ended';
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      for (const event of parser.push(value)) listener.onEvent(event, clockMs);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The header that carries the token. */
export function authorization(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

/** How far the server is ahead; a second or two is only the resolution of the header. */
function clockOf(response: Response): number {
  const serverMs = Date.parse(response.headers.get('Date') ?? '');
  const aheadMs = serverMs - Date.now();
  return Math.abs(aheadMs) > 2_000 ? aheadMs : 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
