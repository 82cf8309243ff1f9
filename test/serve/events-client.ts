import { type SseEvent, SseParser } from '../../sidecar/src/page/sse-parser.ts';

/** A client of the events, as the page is one. */
export interface EventsClient {
  /** All that has come, oldest first. */
  readonly events: SseEvent[];
  readonly lastId: () => string | undefined;
  /** The data of all events of a kind. */
  readonly dataOf: (kind: string) => readonly unknown[];
  readonly close: () => void;
}

export async function followEvents(url: string, lastEventId?: string): Promise<EventsClient> {
  const stop = new AbortController();
  const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
  const response = await fetch(`${url}/api/v1/events`, { headers, signal: stop.signal });
  if (response.status !== 200 || response.body === null) throw new Error(`events answered ${response.status}`);
  const events: SseEvent[] = [];
  read(response.body, events).catch(() => {});
  return {
    events,
    lastId: () => events.findLast(({ id }) => id !== undefined)?.id,
    dataOf: (kind) => events.filter(({ event }) => event === kind).map(({ data }): unknown => JSON.parse(data)),
    close: () => stop.abort(),
  };
}

async function read(body: ReadableStream<Uint8Array>, events: SseEvent[]): Promise<void> {
  const parser = new SseParser();
  const decoder = new TextDecoder();
  for await (const chunk of body) events.push(...parser.push(decoder.decode(chunk, { stream: true })));
}
