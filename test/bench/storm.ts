import { setTimeout as wait } from 'node:timers/promises';
import { targetOf } from './fleet.ts';
import type { Stage } from './stage.ts';
import type { Row } from './statistics.ts';
import { hasAdded } from './watched.ts';

const SERVICES = 100;
const SIZE = 5;
const FLAPS_PER_SECOND = 10;
const SECONDS = 30;
const WRITES_PER_SECOND = 200;

/** A hundred services of five, one instance of each flapping ten times a second. */
export async function storm(stage: Stage): Promise<readonly Row[]> {
  await stage.fleet.fill(0, SERVICES, SIZE);
  const sidecar = await stage.follow(SERVICES, SERVICES * SIZE);
  await wait(2_000);
  const writes = async () => await sidecar.metric('kong_consul_kong_writes_total');
  const before = await writes();
  const startMs = performance.now();
  let flaps = 0;
  await Promise.all(
    Array.from({ length: SERVICES }, async (_, service) => {
      for (let turn = 0; performance.now() - startMs < SECONDS * 1000; turn += 1) {
        await stage.fleet.put(service, 0, turn % 2 === 0 ? 'critical' : 'passing');
        flaps += 1;
        await wait(Math.max(0, (turn + 1) * (1000 / FLAPS_PER_SECOND) - (performance.now() - startMs)));
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1000;
  const written = (await writes()) - before;
  // The end: all critical, then all passing, so that what is waited for is known to be missing.
  await eachOf(async (service) => stage.fleet.put(service, 0, 'critical'));
  await wait(3_000);
  const missing = new Set(Array.from({ length: SERVICES }, (_, service) => targetOf(service, 0)));
  const right = sidecar.says((said) => {
    if (hasAdded(said) && said.target !== undefined) missing.delete(said.target);
    return missing.size === 0;
  });
  const endMs = performance.now();
  await eachOf(async (service) => stage.fleet.put(service, 0));
  const rightMs = (await right).atMs - endMs;
  await sidecar.stop();
  await stage.cleanUp();
  const budget = WRITES_PER_SECOND * (seconds + 1);
  return [
    {
      what: `${SERVICES} services flap ${FLAPS_PER_SECOND} times a second for ${SECONDS} s`,
      measured: `${flaps} flaps, ${written} writes, the last change of all in Kong after ${(rightMs / 1000).toFixed(2)} s`,
      ratio: `${(written / budget).toFixed(2)} of the budget`,
      bar: 'writes <= budget, <= 2 s',
    },
  ];
}

async function eachOf(change: (service: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: SERVICES }, (_, service) => change(service)));
}
