import { z } from 'zod';
import type { ServiceQuery } from '../core/binding.ts';
import { distrust } from '../core/trust.ts';
import type { ConsulClient } from './client.ts';
import { UntrustedAnswerError } from './errors.ts';
import { readMeta } from './health.ts';
import { jsonOf } from './json.ts';
import { refusalOf } from './refusal.ts';

const RESERVED_CONNECTIONS = 50;
const DEFAULT_CONNECTIONS = 150;
const CATALOG_TIMEOUT_MS = 5_000;

const self = z.object({
  Config: z
    .object({ Version: z.string().optional(), Datacenter: z.string().optional(), NodeName: z.string().optional() })
    .optional(),
  DebugConfig: z.object({ HTTPMaxConnsPerClient: z.number().int().optional() }).optional(),
});

/** What the agent tells of itself; all undefined when the token may not ask. */
export interface AgentFacts {
  readonly version: string | undefined;
  readonly datacenter: string | undefined;
  readonly node?: string | undefined;
  /** The header `Date` of its answer: its clock. */
  readonly date?: string | undefined;
  /** `limits.http_max_conns_per_client`; 0 means no limit. */
  readonly maxConnectionsPerClient: number | undefined;
}

/** Reads `/v1/agent/self`. A token without `agent:read` is no failure: then nothing is known. */
export async function readAgentFacts(client: ConsulClient, signal: AbortSignal): Promise<AgentFacts> {
  const answer = await client.request({ path: '/agent/self' }, signal);
  const parsed = answer.status === 200 ? self.safeParse(jsonOf(answer.body)) : undefined;
  const facts = parsed?.success ? parsed.data : undefined;
  return {
    version: facts?.Config?.Version,
    datacenter: facts?.Config?.Datacenter,
    node: facts?.Config?.NodeName,
    date: answer.headers.date,
    maxConnectionsPerClient: facts?.DebugConfig?.HTTPMaxConnsPerClient,
  };
}

/** How many polls may be open at once: the agent's limit minus what others on this machine need. */
export function connectionBudget(facts: AgentFacts, configured: number | undefined): number {
  if (configured !== undefined) return configured;
  const limit = facts.maxConnectionsPerClient;
  if (limit === undefined) return DEFAULT_CONNECTIONS;
  if (limit === 0) return Number.MAX_SAFE_INTEGER;
  return Math.max(1, limit - RESERVED_CONNECTIONS, Math.floor(limit / 2));
}

/** The names of all services of a datacenter. @throws when the answer cannot be trusted */
export async function readServiceNames(
  client: ConsulClient,
  scope: Pick<ServiceQuery, 'datacenter' | 'namespace' | 'partition'>,
  maxStaleMs: number,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const query = {
    ...(scope.datacenter !== undefined && { dc: scope.datacenter }),
    ...(scope.namespace !== undefined && { ns: scope.namespace }),
    ...(scope.partition !== undefined && { partition: scope.partition }),
  };
  const answer = await client.request({ path: '/catalog/services', query, timeoutMs: CATALOG_TIMEOUT_MS }, signal);
  const doubt = distrust(readMeta(answer), maxStaleMs);
  const details = { status: answer.status, retryAfterMs: undefined };
  if (doubt !== undefined)
    throw new UntrustedAnswerError('Consul catalog', refusalOf(client, answer, doubt), {
      ...details,
      reason: doubt.reason,
    });
  const services = jsonOf(answer.body);
  if (typeof services !== 'object' || services === null || Array.isArray(services))
    throw new UntrustedAnswerError('Consul catalog', 'no map of services', { ...details, reason: 'not_a_list' });
  return new Set(Object.keys(services));
}
