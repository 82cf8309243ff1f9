import { z } from 'zod';
import { NOT_KNOWN_YET } from '../core/node-health.ts';
import type { KongClient } from './client.ts';
import { parse } from './entities.ts';
import { KongStatusError } from './errors.ts';
import { readAll } from './paging.ts';
import { kongPath } from './path.ts';

const target = z.object({ target: z.string(), health: z.string().optional() });

/**
 * Kong's own health of each target of an upstream, as this one node sees it: HEALTHY, UNHEALTHY, DNS_ERROR or
 * HEALTHCHECKS_OFF; `not known yet` while its balancer has not heard of the upstream, or when it has none (control plane).
 * Nothing for an upstream that the node does not hold (yet), as on a data plane that was not pushed to.
 */
export async function readTargetHealth(
  client: KongClient,
  upstreamName: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  try {
    const items = await readAll(client, `${kongPath('upstreams', upstreamName)}/health`, signal);
    const rows = items.map((item) => parse(target, item, 'target health'));
    return new Map(rows.map((row) => [row.target, row.health ?? NOT_KNOWN_YET]));
  } catch (error) {
    if (error instanceof KongStatusError && error.status === 404) return new Map();
    throw error;
  }
}
