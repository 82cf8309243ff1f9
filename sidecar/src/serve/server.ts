import { createHash, timingSafeEqual } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request gets. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** One path, GET only. `:name` at the end takes the rest, decoded. */
export interface Endpoint {
  readonly path: string;
  readonly reply: (name: string) => Reply | Promise<Reply>;
}

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly endpoints: readonly Endpoint[];
  /** Asked for on everything but `/healthz` and `/readyz`. */
  readonly bearerToken?: string;
}

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const;
const OPEN_PATHS = new Set(['/healthz', '/readyz']);
const PARAMETER = ':name';

/** A read-only HTTP server. @throws when the address cannot be listened on */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = http.createServer(
    { keepAliveTimeout: 5_000, headersTimeout: 10_000, requestTimeout: 10_000 },
    (request, response) => {
      answer(request, options).then(
        (reply) => send(response, request, reply),
        () => send(response, request, text(500, 'internal error')),
      );
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return { url: `http://${hostPort(server.address())}`, close: () => closeServer(server) };
}

export function json(status: number, value: unknown): Reply {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value, null, 2)}\n` };
}

export function text(status: number, body: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}

async function answer(request: IncomingMessage, options: ServerOptions): Promise<Reply> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only GET: nothing here writes');
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (!OPEN_PATHS.has(path) && !isAllowed(request, options.bearerToken)) return text(401, 'a bearer token is needed');
  for (const endpoint of options.endpoints) {
    const name = match(endpoint.path, path);
    if (name !== undefined) return await endpoint.reply(name);
  }
  return text(404, 'not found');
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

function isAllowed(request: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined) return true;
  const given = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

function send(response: ServerResponse, request: IncomingMessage, { status, type, body }: Reply): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
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
