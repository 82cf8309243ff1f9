import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { UpstreamReport } from '../reconcile/report.ts';
import type { ApiChangesEvent, ApiSnapshot, ApiStatus, ApiSummary, ApiUpstreamsEvent } from './api.ts';
import type { ChangeHistory } from './change-history.ts';
import { type BodyReply, json, type Reply } from './reply.ts';
import { Revisions } from './revisions.ts';
import { looksOtherwise } from './summary-json.ts';

/** Where the feed gets what it tells. */
export interface FeedSource {
  readonly status: () => ApiStatus;
  readonly summary: (upstream: string) => ApiSummary | undefined;
  /** Sorted by upstream. */
  readonly summaries: () => readonly ApiSummary[];
  readonly history: ChangeHistory;
}

/** How far a client has been told. */
interface Cursor {
  readonly revision: number;
  readonly change: number;
}

interface Client {
  readonly response: ServerResponse;
  cursor: Cursor | undefined;
  /** Since when it has not taken what it was sent. */
  blockedSinceMs: number | undefined;
}

const MAX_CLIENTS = 128;
/** What happens within this time is told at once. */
const GAP_MS = 200;
const TICK_MS = 1_000;
const HEARTBEAT_MS = 10_000;
const BLOCKED_FOR_MS = 20_000;
const FULL: BodyReply = {
  ...json(503, { message: `${MAX_CLIENTS} clients follow the events already` }),
  headers: { 'Retry-After': '10' },
};

/**
 * Server-sent events, level-triggered like all else here: a client has a cursor, and is told what became otherwise since
 * then. So a slow client costs one frame, not a queue, and one that comes back is told no more than it missed.
 */
export class EventFeed {
  readonly #source: FeedSource;
  readonly #epoch = randomBytes(4).toString('hex');
  readonly #revisions = new Revisions();
  readonly #clients = new Set<Client>();
  #lastFlushMs = Number.NEGATIVE_INFINITY;
  #flushTimer: NodeJS.Timeout | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #statusFrame = '';
  #statusAtMs = 0;

  constructor(source: FeedSource) {
    this.#source = source;
  }

  /** How many follow. */
  get clients(): number {
    return this.#clients.size;
  }

  /** A report took the place of another. */
  report(before: UpstreamReport | undefined, now: UpstreamReport | undefined, upstream: string): void {
    if (now === undefined) {
      this.#revisions.gone(upstream);
    } else if (looksOtherwise(before, now)) {
      this.#revisions.changed(upstream);
    } else {
      return;
    }
    this.#schedule();
  }

  /** A change was written, and is in the history. */
  changed(): void {
    this.#schedule();
  }

  /** The service of these upstreams could not be read from Consul, or can be again. */
  consulMoved(upstreams: readonly string[]): void {
    for (const upstream of upstreams) this.#revisions.changed(upstream);
    this.#schedule();
  }

  /** The endpoint: a stream, unless too many follow already. */
  follow(lastEventId: string | undefined): Reply {
    if (this.#clients.size >= MAX_CLIENTS) return FULL;
    const cursor = this.#cursorOf(lastEventId);
    return {
      kind: 'stream',
      type: 'text/event-stream; charset=utf-8',
      open: (response) => this.#open({ response, cursor, blockedSinceMs: undefined }),
    };
  }

  /** Ends all streams. */
  close(): void {
    for (const { response } of this.#clients) response.end();
    clearTimeout(this.#flushTimer);
    clearInterval(this.#ticker);
  }

  #open(client: Client): void {
    const { response } = client;
    this.#clients.add(client);
    response.on('drain', () => {
      client.blockedSinceMs = undefined;
      this.#catchUp(client, new Map());
    });
    response.once('close', () => {
      this.#clients.delete(client);
      if (this.#clients.size > 0) return;
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    });
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS).unref();
    // A client that comes back knows no status of now; a snapshot would bring it.
    const greeting = client.cursor === undefined ? '' : frameOf('status', this.#source.status());
    this.#send(client, `retry: 1000\n\n${greeting}`);
    this.#catchUp(client, new Map());
  }

  #schedule(): void {
    if (this.#clients.size === 0 || this.#flushTimer !== undefined) return;
    const delayMs = Math.max(0, this.#lastFlushMs + GAP_MS - performance.now());
    this.#flushTimer = setTimeout(() => this.#flush(), delayMs).unref();
  }

  #flush(): void {
    this.#flushTimer = undefined;
    this.#lastFlushMs = performance.now();
    const frames = new Map<string, string>();
    for (const client of this.#clients) this.#catchUp(client, frames);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const { response, blockedSinceMs } of this.#clients) {
      if (blockedSinceMs !== undefined && nowMs - blockedSinceMs > BLOCKED_FOR_MS) response.destroy();
    }
    this.#tellStatus();
  }

  /**
   * Tells everybody how the whole is, when that is news, and now and then so that they know we are here. By the clock, for it
   * looks at all there is.
   */
  #tellStatus(): void {
    const frame = frameOf('status', this.#source.status());
    const isDue = performance.now() - this.#statusAtMs >= HEARTBEAT_MS;
    if (!isDue && withoutTimes(frame) === withoutTimes(this.#statusFrame)) return;
    this.#statusFrame = frame;
    this.#statusAtMs = performance.now();
    for (const client of this.#clients) this.#send(client, frame);
  }

  #catchUp(client: Client, frames: Map<string, string>): void {
    if (client.blockedSinceMs !== undefined) return;
    const key = JSON.stringify(client.cursor ?? null);
    const frame = frames.get(key) ?? this.#framesAfter(client.cursor);
    frames.set(key, frame);
    client.cursor = { revision: this.#revisions.current, change: this.#source.history.lastId };
    if (frame !== '') this.#send(client, frame);
  }

  #framesAfter(cursor: Cursor | undefined): string {
    const { history, summary, summaries, status } = this.#source;
    const id = `${this.#epoch}.${this.#revisions.current}.${history.lastId}`;
    const difference = cursor === undefined ? undefined : this.#revisions.after(cursor.revision);
    if (cursor === undefined || difference === undefined) {
      const snapshot: ApiSnapshot = { status: status(), upstreams: summaries(), changes: history.since(0) };
      return frameOf('snapshot', snapshot, id);
    }
    const upstreams = difference.changed.flatMap((name) => summary(name) ?? []);
    const changes = history.since(cursor.change);
    const moved: ApiUpstreamsEvent = { upstreams, gone: difference.gone };
    const written: ApiChangesEvent = { changes };
    // The id comes with the last frame: whoever is cut off in between is told both again.
    const isLast = changes.length === 0;
    const first =
      upstreams.length + difference.gone.length === 0 ? '' : frameOf('upstreams', moved, isLast ? id : undefined);
    return isLast ? first : `${first}${frameOf('changes', written, id)}`;
  }

  #send(client: Client, frame: string): void {
    if (client.blockedSinceMs !== undefined || client.response.destroyed) return;
    if (!client.response.write(frame)) client.blockedSinceMs = performance.now();
  }

  #cursorOf(lastEventId: string | undefined): Cursor | undefined {
    const match = /^(?<epoch>[0-9a-f]+)\.(?<revision>\d+)\.(?<change>\d+)$/.exec(lastEventId ?? '');
    if (match?.groups?.epoch !== this.#epoch) return undefined;
    return { revision: Number(match.groups.revision), change: Number(match.groups.change) };
  }
}

function frameOf(event: string, data: unknown, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** What is no news by itself. */
function withoutTimes(frame: string): string {
  return frame.replace(/"oldest_answer":"[^"]*"/, '');
}
