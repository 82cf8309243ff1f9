import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { send } from './transport.ts';

/** One answer of a script, in place of the usual one. */
export type Answer =
  | {
      readonly kind: 'answer';
      readonly status?: number;
      /** Null leaves the header out. */
      readonly index?: number | null;
      readonly entries?: readonly unknown[];
      /** The body as it is, in place of entries. */
      readonly raw?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly delayMs?: number;
    }
  /** The request is taken and nothing comes back. */
  | { readonly kind: 'never' }
  /** The connection is reset (RST) before anything comes back. */
  | { readonly kind: 'reset' }
  /** The connection ends in the middle of the body. */
  | { readonly kind: 'half' }
  /** A page of something in between, with status 200. */
  | { readonly kind: 'html' };

/** What Consul holds of a service. */
export interface Held {
  readonly index: number;
  readonly entries: readonly unknown[];
}

/** Gives a scripted answer; what it does not say is as Consul holds it. */
export async function play(answer: Answer, held: Held, response: ServerResponse): Promise<void> {
  switch (answer.kind) {
    case 'answer': {
      const { status = 200, index = held.index, entries = held.entries, headers = {}, delayMs } = answer;
      if (delayMs !== undefined) await wait(delayMs);
      const indexHeader = index === null ? {} : { 'X-Consul-Index': String(index) };
      send(response, answer.raw ?? JSON.stringify(entries), { status, headers: { ...indexHeader, ...headers } });
      return;
    }
    case 'never':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'half':
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000, 'X-Consul-Index': '99' });
      response.write('[{"Node":', () => response.socket?.destroy());
      return;
    case 'html':
      send(response, '<html>sign in</html>', { headers: { 'Content-Type': 'text/html', 'X-Consul-Index': '99' } });
      return;
    default:
      throw new Error(`unknown answer: ${answer satisfies never}`);
  }
}
