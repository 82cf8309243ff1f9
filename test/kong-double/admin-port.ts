import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Admin } from './admin.ts';
import type { AdminAnswer } from './errors.ts';
import type { FaultKind, Faults } from './faults.ts';
import { readBody } from './http-server.ts';
import { answerAsKonnect, type KonnectOptions, refuseAsKonnect } from './konnect.ts';
import type { Around } from './options.ts';
import { type AdminRequest, parseRequest } from './request.ts';
import type { Entity } from './schema.ts';

/** One request that the Admin API got, in the order in which they were dealt with. */
export interface RequestRecord {
  readonly method: string;
  /** With its query, without the workspace. */
  readonly path: string;
  readonly workspace: string | undefined;
  readonly body: Entity | undefined;
  readonly headers: IncomingHttpHeaders;
  /** 0 when it was dropped. */
  readonly status: number;
  /** When it came, since the epoch. */
  readonly atMs: number;
}

export interface AdminPort {
  /** Undefined: of the default workspace. */
  readonly adminOf: (workspace: string | undefined) => Admin;
  readonly konnect: KonnectOptions | undefined;
  readonly adminToken: string | undefined;
  readonly workspaces: readonly string[];
  readonly faults: Faults;
  readonly around: Around | undefined;
  readonly record: (record: RequestRecord) => void;
}

const DENIED: AdminAnswer = {
  status: 401,
  body: { message: 'Invalid credentials. Token or User credentials required' },
};

/** Serves one request: the fault that it meets, else what `Admin` says. */
export async function serveAdmin(port: AdminPort, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const atMs = performance.timeOrigin + performance.now();
  const { method = 'GET', headers } = incoming;
  const text = (await readBody(incoming)).toString('utf8');
  const basePath = port.konnect?.basePath ?? '';
  const isBelowBase = (incoming.url ?? '/').startsWith(`${basePath}/`);
  const { workspace, url } = splitWorkspace((incoming.url ?? '/').slice(isBelowBase ? basePath.length : 0), port);
  const admin = port.adminOf(workspace);
  const raw = { method: method === 'HEAD' ? 'GET' : method, url, text, contentType: headers['content-type'] ?? '' };
  const parsed = parseRequest(raw, admin.release);
  const body = 'status' in parsed ? undefined : parsed.body;
  const record = (status: number) => port.record({ method, path: url, workspace, body, headers, status, atMs });

  const fault = port.faults.meet(method, url);
  if (fault?.kind === 'delay') await wait(fault.ms);
  if (fault?.kind === 'drop') {
    record(0);
    incoming.socket.destroy();
    return;
  }
  const refusal = refusalOf(port, headers, isBelowBase);
  const answer: AdminAnswer = fault?.kind === 'status' ? fault : (refusal ?? dealWith(port, admin, parsed, atMs));
  record(answer.status);
  if (answer.afterMs !== undefined && answer.afterMs > 0) await wait(answer.afterMs);
  send(response, answer, port.konnect === undefined ? `kong/${admin.version}` : 'konnect', fault);
}

function refusalOf(port: AdminPort, headers: IncomingHttpHeaders, isBelowBase: boolean): AdminAnswer | undefined {
  if (port.konnect !== undefined) return refuseAsKonnect(headers.authorization, isBelowBase, port.konnect);
  return port.adminToken === undefined || headers['kong-admin-token'] === port.adminToken ? undefined : DENIED;
}

function dealWith(port: AdminPort, admin: Admin, parsed: AdminRequest | AdminAnswer, atMs: number): AdminAnswer {
  if ('status' in parsed) return parsed;
  const answer = () => answerTo(port, admin, parsed);
  return port.around === undefined ? answer() : port.around(parsed, answer, atMs);
}

function answerTo({ konnect }: AdminPort, admin: Admin, request: AdminRequest): AdminAnswer {
  return konnect === undefined ? admin.answer(request) : answerAsKonnect(admin, request, konnect);
}

function send(response: ServerResponse, answer: AdminAnswer, server: string, fault: FaultKind | undefined): void {
  const { body } = answer;
  const isHtml = typeof body === 'string';
  const text = body === undefined ? '' : isHtml ? body : JSON.stringify(body);
  if (fault?.kind === 'drop-after-write') {
    response.socket?.destroy();
    return;
  }
  if (fault?.kind === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<html>welcome</html>');
    return;
  }
  response.writeHead(answer.status, {
    server,
    ...answer.headers,
    ...(text !== '' && { 'content-type': isHtml ? 'text/html' : 'application/json; charset=utf-8' }),
    ...(answer.status !== 204 && answer.status !== 304 && { 'content-length': Buffer.byteLength(text) }),
  });
  if (fault?.kind === 'truncate') {
    response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
    return;
  }
  response.end(text);
}

/** Below a workspace the root is `/kong` (go-kong asks there). */
function splitWorkspace(
  url: string,
  { workspaces }: AdminPort,
): { readonly workspace: string | undefined; readonly url: string } {
  const [, first = ''] = url.split(/[/?]/);
  if (!workspaces.includes(first)) return { workspace: undefined, url };
  const rest = url.slice(first.length + 1);
  return { workspace: first, url: rest === '/kong' ? '/' : rest.startsWith('/') ? rest : `/${rest}` };
}
