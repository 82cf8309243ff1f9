import pMap from 'p-map';
import type { CurrentUpstream } from '../../core/state.ts';
import type { KongClient } from '../client.ts';
import { parseTarget, parseUpstream, type UpstreamRecord } from '../entities.ts';
import { readAll } from '../paging.ts';
import { kongPath } from '../path.ts';

/**
 * All upstreams with all targets. Entities can be read without a database too, but `/tags` cannot be relied on there
 * (recorded), so that each upstream is looked into for targets of ours.
 */
export async function readUpstreams(client: KongClient, signal: AbortSignal): Promise<readonly CurrentUpstream[]> {
  const records = (await readAll(client, '/upstreams', signal)).map(parseUpstream);
  const withTargets = async (record: UpstreamRecord) => {
    const targets = await readAll(client, `${kongPath('upstreams', record.id)}/targets`, signal);
    return { ...record, targets: targets.map(parseTarget) };
  };
  return await pMap(records, withTargets, { concurrency: client.concurrency });
}
