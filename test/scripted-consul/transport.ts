import type { IncomingMessage, ServerResponse } from 'node:http';

/** Sends a whole body at once, as JSON unless the headers say otherwise. */
export function send(
  response: ServerResponse,
  body: string,
  how: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): void {
  response.writeHead(how.status ?? 200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'X-Consul-Default-Acl-Policy': 'allow',
    ...how.headers,
  });
  response.end(body);
}

/**
 * What Consul tells of a query. It streams health only, which is where the query matters; a streamed answer never says
 * that a leader is known, though one is.
 */
export function queryHeaders(index: number, query = new URLSearchParams()): Readonly<Record<string, string>> {
  const isConsistent = query.has('consistent');
  const isStreamed = Number(query.get('index') ?? 0) > 0 && !isConsistent;
  return {
    'X-Consul-Effective-Consistency': isConsistent ? 'consistent' : 'leader',
    'X-Consul-Index': String(index),
    'X-Consul-Knownleader': String(!isStreamed),
    'X-Consul-Lastcontact': '0',
    'X-Consul-Query-Backend': isStreamed ? 'streaming' : 'blocking-query',
  };
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, text, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}

export function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else sendText(response, 400, error instanceof Error ? error.message : 'Bad request');
}

export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
