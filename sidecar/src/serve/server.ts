import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorCode } from '../net/message-of.ts';
import { limitConnections } from './connections.ts';
import { json, type Reply, text } from './reply.ts';
import { carriesToken, isForLoopback, isFromElsewhere, isLoopback } from './request-guard.ts';

/** What an endpoint is told of a request. */
export interface ApiRequest {
  /** What stands for `:name` in the path, decoded. */
  readonly name: string;
  /** `Last-Event-ID`, which a client sends when it comes back to a stream. */
  readonly lastEventId: string | undefined;
}

/** One path, GET only. `:name` at the end takes the rest, decoded. */
export interface Endpoint {
  readonly path: string;
  /** Answers without the token too: health, and the page itself, which holds nothing. */
  readonly open?: boolean;
  readonly reply: (request: ApiRequest) => Reply | Promise<Reply>;
}

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly endpoints: readonly Endpoint[];
  /** Asked for on everything that is not open. */
  readonly bearerToken?: string;
  /** Told of what an endpoint threw: the client is told nothing of it. */
  readonly onError?: (path: string, error: unknown) => void;
}

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Connections at once; fewer than the 1,024 files that a process may usually have open. */
const MAX_CONNECTIONS = 512;
/** Who does not take an answer for so long loses it. */
const STALLED_MS = 30_000;
const LIMITS = {
  // Longer than the minute that proxies keep a connection: they must be the ones to close it. Who is idle makes room anyway.
  keepAliveTimeout: 65_000,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
} as const;
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const;
const PARAMETER = ':name';
const MISDIRECTED =
  'listening on loopback, this answers to localhost only: let a proxy in front send "Host: localhost"';

/** A read-only HTTP server. @throws when the address cannot be listened on */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = http.createServer(LIMITS, (request, response) => {
    answer(request, options).then(
      (reply) => send(response, request, reply),
      (error: unknown) => {
        options.onError?.(pathOf(request), error);
        send(response, request, text(500, 'internal error'));
      },
    );
  });
  limitConnections(server, MAX_CONNECTIONS);
  server.setTimeout(STALLED_MS);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(cannotListen(options, cause), { cause })));
    server.listen(options.port, options.host, resolve);
  });
  return { url: `http://${hostPort(server.address())}`, close: () => closeServer(server) };
}

function cannotListen({ host, port }: ServerOptions, cause: Error): string {
  const why = errorCode(cause) === 'EADDRINUSE' ? 'something else listens there' : cause.message;
  return `nothing can be served on ${host}:${port}: ${why}; --listen takes another address, or off`;
}

async function answer(request: IncomingMessage, options: ServerOptions): Promise<Reply> {
  if (isLoopback(options.host) && !isForLoopback(request.headers.host)) return text(421, MISDIRECTED);
  if (isFromElsewhere(request)) return json(403, { message: 'not for pages of other sites' });
  if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed();
  const path = pathOf(request);
  for (const endpoint of options.endpoints) {
    const name = match(endpoint.path, path);
    if (name === undefined) continue;
    if (endpoint.open !== true && !isAllowed(request, options)) return unauthorized();
    return await endpoint.reply({ name, lastEventId: headerText(request, 'last-event-id') });
  }
  return isAllowed(request, options) ? json(404, { message: 'not found' }) : unauthorized();
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

function match(pattern: string, path: string): string | undefined {
  if (!pattern.endsWith(PARAMETER)) return pattern === path ? '' : undefined;
  const prefix = pattern.slice(0, -PARAMETER.length);
  if (!path.startsWith(prefix) || path.length === prefix.length) return undefined;
  try {
    return decodeURIComponent(path.slice(prefix.length));
  } catch {
    return undefined;
  }
}

function isAllowed(request: IncomingMessage, { bearerToken }: ServerOptions): boolean {
  return bearerToken === undefined || carriesToken(request, bearerToken);
}

function unauthorized(): Reply {
  return { ...json(401, { message: 'a bearer token is needed' }), headers: { 'WWW-Authenticate': 'Bearer' } };
}

function notAllowed(): Reply {
  return { ...json(405, { message: 'only GET: nothing here writes' }), headers: { Allow: 'GET, HEAD' } };
}

function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function send(response: ServerResponse, request: IncomingMessage, reply: Reply): void {
  if (response.destroyed) return;
  if (reply.kind === 'body') {
    response.writeHead(reply.status, {
      ...HEADERS,
      ...reply.headers,
      'Content-Type': reply.type,
      'Content-Length': Buffer.byteLength(reply.body),
    });
    response.end(request.method === 'HEAD' ? undefined : reply.body);
    return;
  }
  response.writeHead(200, { ...HEADERS, 'Content-Type': reply.type, 'X-Accel-Buffering': 'no' });
  if (request.method === 'HEAD') response.end();
  else reply.open(response);
}

function hostPort(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') return 'unknown';
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}

async function closeServer(server: http.Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
