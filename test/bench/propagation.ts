import { setTimeout as wait } from 'node:timers/promises';
import { serviceName, targetOf } from './fleet.ts';
import { type Stage, timed } from './stage.ts';
import { median, quantile, type Row, ratio, spread } from './statistics.ts';
import { hasAdded, hasRemoved, type Watched } from './watched.ts';

const TURNS = 40;
const PAUSE_MS = 300;
const BASE = 4;
const EXTRA = 9;
/** Two rounds of everything that is done by the clock: polls end and all of Kong is read once a minute. */
const IDLE_MS = 120_000;
/** A sidecar idles for weeks: by then V8 has compiled what it does each minute. */
const WARM_UP_MS = 300_000;
const IDLE_SAMPLES = 24;
const FLOOR_UPSTREAM = 'bench-floor';

/**
 * From before Consul is told of an instance until Kong has answered for its target: our sidecar and the floor in turns,
 * so that both meet the same machine. The floor has a service of its own.
 */
export async function propagation(stage: Stage, sizes: readonly number[]): Promise<readonly Row[]> {
  const floorUrl = `${stage.kongUrl}/upstreams/${FLOOR_UPSTREAM}`;
  await timed('curl', ['-fsS', '-X', 'PUT', floorUrl]);
  try {
    return await measure(stage, sizes);
  } finally {
    await timed('curl', ['-fsS', '-X', 'DELETE', floorUrl]);
  }
}

async function measure(stage: Stage, sizes: readonly number[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const floorService = Math.max(...sizes);
  await stage.fleet.fill(floorService, floorService + 1, BASE);
  let registered = 0;
  let alone: { readonly ours: number; readonly floor: number } | undefined;
  for (const size of sizes) {
    await stage.fleet.fill(registered, size, BASE);
    registered = size;
    const floor = stage.floor(floorService, FLOOR_UPSTREAM);
    const sidecar = await stage.follow(size, size * BASE);
    await wait(5_000);
    const samples: { ours: number[]; floor: number[] } = { ours: [], floor: [] };
    for (let turn = 0; turn < TURNS; turn += 1) {
      samples.floor.push(await oneTurn(stage, floor, floorService, FLOOR_UPSTREAM));
      samples.ours.push(await oneTurn(stage, sidecar, turn % size));
    }
    rows.push(...compare(size, samples, alone));
    alone ??= { ours: median(samples.ours), floor: median(samples.floor) };
    if (size >= 1_000) rows.push(await idle(sidecar, size));
    await Promise.all([floor.stop(), sidecar.stop()]);
    await stage.cleanUp();
  }
  return rows;
}

async function oneTurn(
  stage: Stage,
  program: Watched,
  service: number,
  upstream = serviceName(service),
): Promise<number> {
  const target = targetOf(service, EXTRA);
  const isOurs = (said: { readonly upstream?: string | undefined; readonly target?: string | undefined }) =>
    said.upstream === upstream && said.target === target;
  const added = program.says((said) => hasAdded(said) && isOurs(said));
  const startMs = performance.now();
  await stage.fleet.put(service, EXTRA);
  const { atMs } = await added;
  await wait(PAUSE_MS);
  const removed = program.says((said) => hasRemoved(said) && isOurs(said));
  await stage.fleet.drop(service, EXTRA);
  await removed;
  await wait(PAUSE_MS);
  return atMs - startMs;
}

function compare(
  size: number,
  { ours, floor }: { readonly ours: readonly number[]; readonly floor: readonly number[] },
  alone: { readonly ours: number; readonly floor: number } | undefined,
): readonly Row[] {
  const against = `p50 ${ratio(median(ours), median(floor))}, p99 ${ratio(quantile(ours, 0.99), quantile(floor, 0.99))}`;
  const floorRow = {
    what: `bare long poll and bare POST, beside ${size} bound services`,
    measured: spread(floor),
    ratio: '1',
    bar: '',
  };
  const isFirst = alone === undefined;
  return [
    floorRow,
    {
      what: `registration to target, ${size} bound services`,
      measured: spread(ours),
      ratio: isFirst
        ? `${against} of the floor`
        : `${against} of the floor; p50 ${ratio(median(ours), alone.ours)} of alone`,
      bar: isFirst ? 'p50 <= 1.5, p99 <= 3 of the floor' : size > 1_000 ? '<= 1.5 of alone' : '<= 1.2 of alone',
    },
  ];
}

async function idle(sidecar: Watched & { metric(name: string): Promise<number> }, size: number): Promise<Row> {
  await wait(WARM_UP_MS);
  const writes = async () => await sidecar.metric('kong_consul_kong_writes_total');
  const [writesBefore, cpuBefore] = [await writes(), sidecar.cpuMs()];
  const memoryMb: number[] = [];
  for (let sample = 0; sample < IDLE_SAMPLES; sample += 1) {
    await wait(IDLE_MS / IDLE_SAMPLES);
    memoryMb.push(sidecar.memoryMb());
  }
  const percent = ((sidecar.cpuMs() - cpuBefore) / IDLE_MS) * 100;
  return {
    what: `nothing changes for ${IDLE_MS / 1000} s, after ${WARM_UP_MS / 60_000} min of the same, ${size} services`,
    measured: `${(await writes()) - writesBefore} writes, ${percent.toFixed(1)} % of a core, ${median(memoryMb)} MB, at most ${Math.max(...memoryMb)} MB`,
    ratio: '',
    bar: size > 1_000 ? '< 250 MB' : '0 writes, < 2 % of a core, < 150 MB',
  };
}
