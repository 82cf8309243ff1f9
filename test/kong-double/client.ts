import http, { type IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { readBody } from './http-server.ts';

const record = z.record(z.string(), z.unknown());

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty when there was none, or none in JSON. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text as it is, all else as JSON. */
  readonly body?: unknown;
}

/** A plain request on a connection of its own, for the tests of the double. */
export async function send(url: string, { method = 'GET', headers, body }: Sent = {}): Promise<Answered> {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const type =
    payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = http.request(url, { method, agent: false, headers: { ...type, ...headers } }, resolve);
    request.once('error', reject);
    request.end(payload);
  });
  const text = (await readBody(answer)).toString('utf8');
  const isJson = answer.headers['content-type']?.startsWith('application/json') ?? false;
  const parsed = record.safeParse(isJson && text !== '' ? JSON.parse(text) : {});
  const { statusCode: status = 0 } = answer;
  return { status, headers: answer.headers, body: parsed.success ? parsed.data : {}, text };
}
