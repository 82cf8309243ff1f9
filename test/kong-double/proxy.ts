import { randomBytes } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Admin } from './admin.ts';
import { readBody } from './http-server.ts';
import { isSince, SINCE } from './release.ts';
import type { Entity } from './schema.ts';
import { idOf } from './tables.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a host leads; to nowhere when empty. */
export type Dns = (host: string) => readonly Address[];

interface Match {
  readonly service: Entity;
  /** Sent on, with its query. */
  readonly path: string;
}

interface Outgoing {
  readonly path: string;
  readonly method: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

const NO_ROUTE = 'no Route matched with those values';
const NO_PEER = 'failure to get a peer from the ring-balancer';
const NO_NAME = 'name resolution failed';
const BAD_ANSWER = 'An invalid response was received from the upstream server';

/** The proxying side, as far as watching traffic needs it: a Route's path to its Service, the upstream's targets, retries. */
export async function proxy(
  admin: Admin,
  dns: Dns,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(incoming);
  const found = match(admin, incoming.url ?? '/');
  if (found === undefined) return reply(admin, response, 404, NO_ROUTE);
  const { service, path } = found;
  const upstreamId = admin.balancer.idOf(String(service.host));
  const next = upstreamId === undefined ? byDns(dns, service) : byBalancer(admin, upstreamId);

  const { method = 'GET', headers } = incoming;
  for (let attempts = 0; attempts <= Number(service.retries); attempts += 1) {
    const address = next();
    if (address === undefined && attempts > 0) break;
    if (address === undefined) return reply(admin, response, 503, upstreamId === undefined ? NO_NAME : NO_PEER);
    if (await forward(address, { path, method, headers, body }, response)) return;
  }
  return reply(admin, response, 502, BAD_ANSWER);
}

/** The longest path wins. */
function match(admin: Admin, url: string): Match | undefined {
  let best: { readonly route: Entity; readonly prefix: string } | undefined;
  for (const route of admin.tables.all('routes')) {
    for (const path of Array.isArray(route.paths) ? route.paths : []) {
      const prefix = String(path);
      if (url.startsWith(prefix) && prefix.length > (best?.prefix.length ?? -1)) best = { route, prefix };
    }
  }
  const service = best === undefined ? undefined : admin.tables.get(idOf(best.route.service));
  if (best === undefined || service === undefined) return undefined;
  const rest = best.route.strip_path === true ? url.slice(best.prefix.length) : url;
  const base = String(service.path ?? '').replace(/\/$/, '');
  return { service, path: base + (rest.startsWith('/') ? rest : `/${rest}`) };
}

/** Each call another target of the upstream, until there is none left. */
function byBalancer(admin: Admin, upstreamId: string): () => Address | undefined {
  const tried = new Set<string>();
  return () => {
    const target = admin.balancer.next(upstreamId, tried);
    if (target === undefined) return undefined;
    const text = String(target.target);
    tried.add(text);
    const at = text.lastIndexOf(':');
    return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
  };
}

/** Each call the next of the addresses, from any of them on. */
function byDns(dns: Dns, { host, port }: Entity): () => Address | undefined {
  const name = String(host);
  const addresses = isIP(name) === 0 ? dns(name) : [{ host: name, port: Number(port) }];
  let turn = Math.floor(Math.random() * addresses.length);
  return () => {
    turn += 1;
    return addresses[turn % addresses.length];
  };
}

/** False when there was no connection: another may be tried. */
function forward(address: Address, outgoing: Outgoing, response: ServerResponse): Promise<boolean> {
  const { host, port } = address;
  const { path, method, body } = outgoing;
  const headers = { ...outgoing.headers, host: `${host}:${port}`, connection: 'close' };
  return new Promise((resolve) => {
    const request = http.request({ host, port, path, method, headers }, (answer) => {
      const shown = host.includes(':') ? `[${host}]` : host;
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'x-upstream-target': `${shown}:${port}` });
      answer.pipe(response);
      answer.once('close', () => resolve(true));
    });
    request.once('error', () => resolve(response.headersSent));
    request.end(body);
  });
}

function reply(admin: Admin, response: ServerResponse, status: number, message: string): void {
  const id = isSince(admin.release, SINCE.requestId) ? { request_id: randomBytes(16).toString('hex') } : {};
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ message, ...id }));
}
