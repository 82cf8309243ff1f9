import { z } from 'zod';
import type { ServiceQuery } from '../core/binding.ts';
import { distrust } from '../core/trust.ts';
import type { ConsulClient } from './client.ts';
import { UntrustedAnswerError } from './errors.ts';
import { readMeta } from './health.ts';
import { jsonOf } from './json.ts';
import { pollTimeoutMs } from './poll-wait.ts';
import { refusalOf } from './refusal.ts';

/** Where checks are looked for: they do not cross these bounds in Consul. */
export interface CheckScope {
  readonly datacenter: string | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
}

/** All checks of one scope that are critical now. */
export interface CriticalChecks {
  readonly index: bigint;
  /** What each one is about: its service, or its whole node when it has none. Keyed by what tells them apart. */
  readonly checks: ReadonlyMap<string, CheckSubject>;
}

export type CheckSubject = { readonly service: string } | { readonly node: string };

const WHAT = "Consul's critical checks";
const checkList = z.array(
  z.object({
    Node: z.string(),
    CheckID: z.string(),
    ServiceID: z.string().nullish(),
    ServiceName: z.string().nullish(),
  }),
);

/**
 * `/v1/health/state/critical`, blocking on the index unless it is 0. Maintenance is a critical check too.
 * What the token may not see is left out: a hint where to look, never a reason to write.
 * @throws ConsulRequestError, UntrustedAnswerError
 */
export async function readCriticalChecks(
  client: ConsulClient,
  { scope, index, waitMs }: { readonly scope: CheckScope; readonly index: bigint; readonly waitMs: number },
  signal: AbortSignal,
): Promise<CriticalChecks> {
  const query = {
    ...(scope.datacenter !== undefined && { dc: scope.datacenter }),
    ...(scope.namespace !== undefined && { ns: scope.namespace }),
    ...(scope.partition !== undefined && { partition: scope.partition }),
    ...(index > 0n && { index: String(index), wait: `${waitMs}ms` }),
  };
  const timeoutMs = pollTimeoutMs(waitMs);
  const answer = await client.request({ path: '/health/state/critical', query, timeoutMs }, signal);
  const meta = { ...readMeta(answer), filteredByAcls: false };
  const doubt = distrust(meta, Number.POSITIVE_INFINITY);
  const details = { status: answer.status, retryAfterMs: undefined };
  if (doubt !== undefined)
    throw new UntrustedAnswerError(WHAT, refusalOf(client, answer, doubt), {
      ...details,
      reason: doubt.reason,
    });
  const parsed = checkList.safeParse(jsonOf(answer.body));
  if (!parsed.success)
    throw new UntrustedAnswerError(WHAT, 'the answer is no list of checks', { ...details, reason: 'not_a_list' });
  return {
    index: meta.index ?? 0n,
    checks: new Map(parsed.data.map((check) => [JSON.stringify(check), subject(check)])),
  };
}

function subject({ Node: node, ServiceName: service }: z.infer<typeof checkList>[number]): CheckSubject {
  return service === null || service === undefined || service === '' ? { node } : { service };
}

/** The scopes that these queries are about, each once. */
export function scopesOf(queries: readonly ServiceQuery[]): readonly CheckScope[] {
  return [...new Map(queries.map(scopeOf).map((scope) => [scopeKey(scope), scope])).values()];
}

export function scopeOf({ datacenter, namespace, partition }: ServiceQuery): CheckScope {
  return { datacenter, namespace, partition };
}

/** Equal for equal scopes. */
export function scopeKey({ datacenter, namespace, partition }: CheckScope): string {
  return JSON.stringify([datacenter, namespace, partition]);
}
