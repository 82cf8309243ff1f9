import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Admin } from './admin.ts';
import type { Entity } from './schema.ts';
import { idOf } from './tables.ts';

const NO_ROUTE = 'no Route matched with those values';
const NO_PEER = 'failure to get a peer from the ring-balancer';
const NO_NAME = 'name resolution failed';
const BAD_ANSWER = 'An invalid response was received from the upstream server';

/** The proxying side, as far as watching traffic needs it: a Route's path to its Service, the upstream's targets, retries. */
export async function proxy(admin: Admin, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = incoming.url ?? '/';
  const found = route(admin, url);
  if (found === undefined) return reply(response, 404, NO_ROUTE);
  const upstreamId = admin.balancer.idOf(String(found.service.host));
  if (upstreamId === undefined) return reply(response, 503, NO_NAME);

  const tried = new Set<string>();
  for (let left = Number(found.service.retries); left >= 0; left -= 1) {
    const target = admin.balancer.next(upstreamId, tried);
    if (target === undefined) break;
    tried.add(String(target.target));
    if (await forward(String(target.target), found.path, incoming, response)) return;
  }
  return tried.size === 0 ? reply(response, 503, NO_PEER) : reply(response, 502, BAD_ANSWER);
}

function route(admin: Admin, url: string): { readonly service: Entity; readonly path: string } | undefined {
  const matches = admin.tables.all('routes').flatMap((each) => {
    const prefixes = (Array.isArray(each.paths) ? each.paths.map(String) : []).filter((prefix) =>
      url.startsWith(prefix),
    );
    return prefixes.map((prefix) => ({ each, prefix }));
  });
  const [best] = matches.sort((a, b) => b.prefix.length - a.prefix.length);
  const service = best === undefined ? undefined : admin.tables.find('services', idOf(best.each.service));
  if (best === undefined || service === undefined) return undefined;
  const stripped = best.each.strip_path === true ? url.slice(best.prefix.length) : url;
  return { service, path: stripped.startsWith('/') ? stripped : `/${stripped}` };
}

function forward(target: string, path: string, incoming: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const at = target.lastIndexOf(':');
  const host = target.slice(0, at).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const request = http.request(
      { host, port: Number(target.slice(at + 1)), path, method: incoming.method },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'x-upstream-target': target });
        answer.pipe(response);
        answer.once('end', () => resolve(true));
      },
    );
    request.once('error', () => resolve(false));
    request.end();
  });
}

function reply(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ message, request_id: '0'.repeat(32) }));
}
