import { setTimeout as wait } from 'node:timers/promises';
import { serviceName, targetOf } from './fleet.ts';
import { Stage } from './stage.ts';
import { median, type Row } from './statistics.ts';
import { hasAdded, hasRemoved } from './watched.ts';

const SERVICES = 1_000;
const SIZE = 4;
const TURNS = 20;
const SETTLE_MS = 10_000;
const AGENT_LIMIT = 200;
const EXTRA = 9;

/** A thousand services under the agent's default limit of connections: watches take turns. */
export async function budget(kongUrl: string | undefined): Promise<readonly Row[]> {
  const stage = await Stage.open(kongUrl, AGENT_LIMIT);
  try {
    await stage.fleet.fill(0, SERVICES, SIZE);
    const sidecar = await stage.follow(SERVICES, SERVICES * SIZE);
    await wait(SETTLE_MS);
    const critical: number[] = [];
    const any: number[] = [];
    for (let turn = 0; turn < TURNS; turn += 1) {
      const service = (turn * 47) % SERVICES;
      const upstream = serviceName(service);
      const removed = sidecar.says((said) => hasRemoved(said) && said.upstream === upstream);
      let startMs = performance.now();
      await stage.fleet.put(service, 0, 'critical');
      critical.push((await removed).atMs - startMs);
      await stage.fleet.put(service, 0);

      const target = targetOf(service + 1, EXTRA);
      const added = sidecar.says((said) => hasAdded(said) && said.target === target);
      startMs = performance.now();
      await stage.fleet.put(service + 1, EXTRA);
      any.push((await added).atMs - startMs);
    }
    const refused = await sidecar.metric('kong_consul_consul_read_failures_total');
    await sidecar.stop();
    const seconds = (samples: readonly number[]) =>
      `p50 ${(median(samples) / 1000).toFixed(2)} s, longest ${(Math.max(...samples) / 1000).toFixed(2)} s (n = ${samples.length})`;
    const under = `${SERVICES} services under the agent's limit of ${AGENT_LIMIT} connections`;
    return [
      { what: `${under}: turns critical`, measured: seconds(critical), ratio: '', bar: '<= 1 s' },
      { what: `${under}: any change`, measured: seconds(any), ratio: '', bar: '<= 10 s' },
      { what: `${under}: refused or failed reads`, measured: String(refused), ratio: '', bar: '0' },
    ];
  } finally {
    await stage.close();
  }
}
