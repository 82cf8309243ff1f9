import { setTimeout as wait } from 'node:timers/promises';
import { serviceName, targetOf } from './fleet.ts';
import type { Sidecar, Stage } from './stage.ts';
import { median, type Row, ratio } from './statistics.ts';

const SIZES = [100, 5_000] as const;
const INSTANCES = 4;
const SERVICE = 7;
const TURNS = 5;
const CHANGES = 100;
const SETTLE_MS = 10_000;
/** What is done by the clock is left for later, as far as that can be. */
const BY_THE_CLOCK = [
  ...['--consul-wait-seconds', '600', '--resync-seconds', '3600'],
  ...['--kong-poll-seconds', '3600', '--owner-check-seconds', '3600', '--coalesce-ms', '1'],
];

interface Used {
  readonly cpuMs: number;
  readonly allocatedKb: number;
}

/** What one change of one service costs among few services and among many: CPU time and memory, less those of idling. */
export async function perChange(stage: Stage): Promise<readonly Row[]> {
  const perSize: Used[] = [];
  let registered = 0;
  for (const size of SIZES) {
    await stage.fleet.fill(registered, size, INSTANCES);
    registered = size;
    const sidecar = await stage.follow(size, size * INSTANCES, ...BY_THE_CLOCK);
    await wait(SETTLE_MS);
    perSize.push(await cost(stage, sidecar));
    await sidecar.stop();
    await stage.cleanUp();
  }
  const row = (what: string, values: readonly number[], unit: string): Row => {
    const [few = Number.NaN, many = Number.NaN] = values;
    return {
      what: `${what} of one change, ${SIZES.join(' and ')} bound services`,
      measured: `${few.toFixed(2)} ${unit} and ${many.toFixed(2)} ${unit} (median of ${TURNS} x ${CHANGES} changes)`,
      ratio: ratio(many, few),
      bar: '<= 1.2',
    };
  };
  return [
    row(
      'CPU time',
      perSize.map(({ cpuMs }) => cpuMs),
      'ms',
    ),
    row(
      'memory given out',
      perSize.map(({ allocatedKb }) => allocatedKb),
      'kB',
    ),
  ];
}

async function cost(stage: Stage, sidecar: Sidecar): Promise<Used> {
  const samples: Used[] = [];
  // The first turn warms up.
  for (let turn = 0; turn <= TURNS; turn += 1) {
    const startMs = performance.now();
    const changing = await during(sidecar, () => change(stage, sidecar));
    const tookMs = performance.now() - startMs;
    const idling = await during(sidecar, () => wait(tookMs));
    if (turn === 0) continue;
    samples.push({
      cpuMs: (changing.cpuMs - idling.cpuMs) / CHANGES,
      allocatedKb: (changing.allocatedKb - idling.allocatedKb) / CHANGES,
    });
  }
  return {
    cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
    allocatedKb: median(samples.map(({ allocatedKb }) => allocatedKb)),
  };
}

async function change({ fleet }: Stage, sidecar: Sidecar): Promise<void> {
  const [upstream, target] = [serviceName(SERVICE), targetOf(SERVICE, 0)];
  for (let at = 0; at < CHANGES; at += 1) {
    const changed = sidecar.says((said) => said.msg === 'target weight changed' && said.target === target);
    await fleet.weigh(SERVICE, SERVICE + 1, 2 + (at % 2));
    if ((await changed).said.upstream !== upstream) throw new Error(`${target} is in another upstream`);
  }
}

async function during(sidecar: Sidecar, work: () => Promise<void>): Promise<Used> {
  const before = await used(sidecar);
  await work();
  const after = await used(sidecar);
  return { cpuMs: after.cpuMs - before.cpuMs, allocatedKb: after.allocatedKb - before.allocatedKb };
}

async function used(sidecar: Sidecar): Promise<Used> {
  const told = sidecar.says(({ cpuMs }) => cpuMs !== undefined);
  sidecar.signal('SIGIO');
  const { cpuMs = Number.NaN, allocatedKb = Number.NaN } = (await told).said;
  return { cpuMs, allocatedKb };
}
