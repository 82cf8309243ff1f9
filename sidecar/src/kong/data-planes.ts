import { z } from 'zod';
import type { KongClient } from './client.ts';
import { parse } from './entities.ts';
import { readAll } from './paging.ts';

/** A data plane as its control plane knows it (`GET /clustering/data-planes`). */
export interface ConnectedDataPlane {
  readonly name: string;
  readonly version: string;
  /** `normal` when it could take what it was pushed. */
  readonly syncStatus: string;
  readonly configHash: string;
  /** Since the epoch. */
  readonly lastSeenMs: number;
}

const dataPlane = z.object({
  hostname: z.string(),
  ip: z.string(),
  version: z.string().nullish(),
  sync_status: z.string().nullish(),
  config_hash: z.string().nullish(),
  last_seen: z.number(),
});
const status = z.object({ configuration_hash: z.string().nullish() });

/** Those that the control plane has heard of lately. @throws on anything but a control plane */
export async function readDataPlanes(client: KongClient, signal: AbortSignal): Promise<readonly ConnectedDataPlane[]> {
  const items = await readAll(client, '/clustering/data-planes', signal);
  return items.map((item) => {
    const row = parse(dataPlane, item, 'a data plane');
    return {
      name: `${row.hostname} (${row.ip})`,
      version: row.version ?? 'unknown',
      syncStatus: row.sync_status ?? 'unknown',
      configHash: row.config_hash ?? '',
      lastSeenMs: row.last_seen * 1000,
    };
  });
}

/** The hash of the configuration that a node without a database holds; undefined for one that has none. */
export async function readConfigurationHash(client: KongClient, signal: AbortSignal): Promise<string | undefined> {
  const answer = await client.request({ method: 'GET', path: '/status' }, signal);
  return parse(status, answer.body, 'GET /status').configuration_hash ?? undefined;
}
