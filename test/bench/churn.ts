import { setTimeout as wait } from 'node:timers/promises';
import type { Sidecar, Stage } from './stage.ts';
import { type Row, ratio } from './statistics.ts';

const SERVICES = 200;
const SIZE = 3;
const ROUNDS = 500;
const WARM_UP_ROUNDS = 50;
const ROUND_MS = 120;
const SETTLE_MS = 5_000;

/** A hundred thousand changes in fast motion: what is alive afterwards is what was alive before. */
export async function churn(stage: Stage): Promise<readonly Row[]> {
  await stage.fleet.fill(0, SERVICES, SIZE);
  const unhurried = ['--coalesce-ms', '0', '--kong-writes-per-second', '100000'];
  const sidecar = await stage.follow(SERVICES, SERVICES * SIZE, ...unhurried);
  await rounds(stage, 0, WARM_UP_ROUNDS);
  const before = await alive(sidecar);
  await rounds(stage, WARM_UP_ROUNDS, WARM_UP_ROUNDS + ROUNDS);
  const after = await alive(sidecar);
  const written = await sidecar.metric('kong_consul_kong_writes_total');
  await sidecar.stop();
  await stage.cleanUp();
  return [
    {
      what: `${SERVICES * ROUNDS} changes of ${SERVICES} services`,
      measured: `${written} writes; heap ${before.heapMb.toFixed(1)} MB after warm-up, ${after.heapMb.toFixed(1)} MB at the end`,
      ratio: ratio(after.heapMb, before.heapMb),
      bar: '<= 1.10',
    },
    {
      what: 'timers and sockets before and after',
      measured: `${text(before)}; ${text(after)}`,
      ratio: '',
      bar: 'equal',
    },
  ];
}

async function rounds(stage: Stage, from: number, to: number): Promise<void> {
  for (let round = from; round < to; round += 1) {
    const startMs = performance.now();
    await stage.fleet.weigh(0, SERVICES, (round % 100) + 1);
    await wait(Math.max(0, ROUND_MS - (performance.now() - startMs)));
  }
}

interface Alive {
  readonly heapMb: number;
  readonly resources: Readonly<Record<string, number>>;
}

async function alive(sidecar: Sidecar): Promise<Alive> {
  await wait(SETTLE_MS);
  const told = sidecar.says(({ heapMb }) => heapMb !== undefined);
  sidecar.signal('SIGWINCH');
  const { heapMb = Number.NaN, resources = {} } = (await told).said;
  return { heapMb, resources };
}

function text({ resources }: Alive): string {
  return Object.entries(resources)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
}
