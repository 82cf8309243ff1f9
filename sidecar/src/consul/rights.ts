import { z } from 'zod';
import type { ConsulClient } from './client.ts';
import { jsonOf } from './json.ts';

/** One right, as Consul's ACL rules name it. */
export interface Right {
  readonly resource: 'service' | 'node' | 'session' | 'key';
  /** The name it is asked for; empty: whatever the name. */
  readonly name: string;
  readonly access: 'read' | 'write';
}

const answers = z.array(z.object({ Allow: z.boolean() }));

/**
 * The rights that our token lacks; undefined when Consul has ACLs switched off, or does not tell. Asked with the call that
 * Consul's own interface uses, which needs no right itself. @throws ConsulRequestError
 */
export async function missingRights(
  client: ConsulClient,
  rights: readonly Right[],
  signal: AbortSignal,
): Promise<readonly Right[] | undefined> {
  const body = rights.map(({ resource, name, access }) => ({ Resource: resource, Segment: name, Access: access }));
  const request = { method: 'POST', path: '/internal/acl/authorize', body: JSON.stringify(body) } as const;
  const answer = await client.request(request, signal);
  if (answer.status !== 200) return undefined;
  const { data: allowed } = answers.safeParse(jsonOf(answer.body));
  return allowed && rights.filter((_, at) => allowed[at]?.Allow !== true);
}

/** The rule that gives a right: `service "web" { policy = "read" }`. */
export function ruleText({ resource, name, access }: Right): string {
  return `${name === '' ? `${resource}_prefix ""` : `${resource} ${JSON.stringify(name)}`} { policy = "${access}" }`;
}

/** False when Consul does not know our token: it was deleted, has expired, or never was. */
export async function knowsToken(client: ConsulClient, signal: AbortSignal): Promise<boolean> {
  const answer = await client.request({ path: '/acl/token/self' }, signal);
  return !(answer.status === 403 && answer.body.toString('utf8').trim().endsWith('ACL not found'));
}
