import { z } from 'zod';
import { type KongClient, kongPath } from './client.ts';
import { parse } from './entities.ts';
import { readAll } from './paging.ts';

const target = z.object({ target: z.string(), health: z.string().optional() });

/**
 * Kong's own health of each target of an upstream, as this one node sees it: HEALTHY, UNHEALTHY, DNS_ERROR or
 * HEALTHCHECKS_OFF; `not known yet` while the node has not heard of the upstream, or has no balancer (control plane).
 */
export async function readTargetHealth(
  client: KongClient,
  upstreamName: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const items = await readAll(client, `${kongPath('upstreams', upstreamName)}/health`, {}, signal);
  const rows = items.map((item) => parse(target, item, 'target health'));
  return new Map(rows.map((row) => [row.target, row.health ?? 'not known yet']));
}
