import type { ServerResponse } from 'node:http';

/** What a request gets: a whole body, or a response that stays open. */
export type Reply =
  | {
      readonly kind: 'body';
      readonly status: number;
      readonly type: string;
      readonly body: string | Buffer;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'stream'; readonly type: string; readonly open: (response: ServerResponse) => void };

export type BodyReply = Extract<Reply, { kind: 'body' }>;

export function json(status: number, value: unknown): BodyReply {
  return {
    kind: 'body',
    status,
    type: 'application/json; charset=utf-8',
    body: `${JSON.stringify(value, null, 2)}\n`,
  };
}

export function text(status: number, body: string): BodyReply {
  return { kind: 'body', status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}
