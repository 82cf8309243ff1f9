import type { Admin } from './admin.ts';
import type { AdminAnswer } from './errors.ts';
import type { AdminRequest } from './request.ts';
import { isRecord } from './schema.ts';

/** How a Konnect-like Admin API is reached, and what it says to a verb that it does not have. */
export interface KonnectOptions {
  /** Such as `/v2/control-planes/ID/core-entities`; nothing is served above it. */
  readonly basePath: string;
  /** Asked for in `Authorization: Bearer …`. */
  readonly bearerToken: string;
  readonly patchStatus: 404 | 405;
}

const NO_ROUTE: AdminAnswer = { status: 404, body: { message: 'Not Found', status: 404 } };
const UNAUTHORIZED: AdminAnswer = { status: 401, body: { status: 401, title: 'Unauthorized' } };
const KINDS = ['upstreams', 'services', 'routes', 'plugins', 'consumers'];

/**
 * Konnect's core entities, as its public SDK describes them (`docs/sdks/upstreams`, `docs/sdks/targets`,
 * `models/operations/listupstream.go` of Kong/sdk-konnect-go) and its control plane answers (`internal/server/admin` of
 * Kong/koko): GET, POST, PUT and DELETE of entities, and no root, no tags, no health, no PATCH. Fields without a value are
 * left out, the last page has no offset, and what is taken already is 400, not 409.
 */
export function answerAsKonnect(admin: Admin, request: AdminRequest, options: KonnectOptions): AdminAnswer {
  const [kind = '', , nested] = request.segments;
  if (!KINDS.includes(kind) || nested === 'health') return NO_ROUTE;
  if (request.method === 'PATCH') return { ...NO_ROUTE, status: options.patchStatus };
  const answer = admin.answer(request);
  if (answer.status === 409) return uniqueClash(answer);
  if (answer.status >= 400 || !isRecord(answer.body)) return answer;
  const { data, next, offset } = answer.body;
  if (!Array.isArray(data)) return { ...answer, body: withoutNulls(answer.body) };
  return { ...answer, body: { data: data.map(withoutNulls), next, ...(offset !== undefined && { offset }) } };
}

/** What is answered without the token, or above the base path; undefined when the request may pass. */
export function refuseAsKonnect(
  authorization: string | undefined,
  isBelowBase: boolean,
  options: KonnectOptions,
): AdminAnswer | undefined {
  if (authorization !== `Bearer ${options.bearerToken}`) return UNAUTHORIZED;
  return isBelowBase ? undefined : NO_ROUTE;
}

function uniqueClash({ body }: AdminAnswer): AdminAnswer {
  const field = isRecord(body) && isRecord(body.fields) ? Object.keys(body.fields)[0] : 'name';
  const detail = { type: 'ERROR_TYPE_REFERENCE', field, messages: [`${field} (type: unique) constraint failed`] };
  return { status: 400, body: { code: 3, message: 'data constraint error', details: [detail] } };
}

function withoutNulls(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const given = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(given.map(([key, inner]) => [key, withoutNulls(inner)]));
}
