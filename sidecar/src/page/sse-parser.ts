/** One server-sent event. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
  /** Undefined when the event has none: the last one stands. */
  readonly id: string | undefined;
}

/** Takes a stream of server-sent events apart, however it was cut into pieces. */
export class SseParser {
  #rest = '';

  /** The events that this piece completes. */
  push(piece: string): readonly SseEvent[] {
    const blocks = `${this.#rest}${piece}`.split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.flatMap(parseBlock);
  }
}

function parseBlock(block: string): readonly SseEvent[] {
  const fields = new Map<string, string>();
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else fields.set(name, value);
  }
  if (data.length === 0) return [];
  return [{ event: fields.get('event') ?? 'message', data: data.join('\n'), id: fields.get('id') }];
}
