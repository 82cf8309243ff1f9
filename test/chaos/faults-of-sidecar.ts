import { setTimeout as wait } from 'node:timers/promises';
import { type ChaosFault, EVERYWHERE } from './fault.ts';
import type { Scene } from './scene.ts';

export const faultsOfSidecar: readonly ChaosFault[] = [
  {
    name: 'sidecar killed and started again',
    settings: EVERYWHERE,
    run: async ({ sidecar, life, random }) => {
      await Promise.all([life.goesOn(4, 500), wait(random.next() * 300).then(() => sidecar.kill())]);
      await life.goesOn(3, 500);
      sidecar.start();
    },
  },
  {
    name: 'sidecar frozen and thawed',
    settings: EVERYWHERE,
    run: async ({ sidecar, life }) => {
      sidecar.freeze();
      await life.goesOn(6, 1_500);
      sidecar.thaw();
    },
  },
  { name: 'sidecar killed at the n-th write of a fill', settings: ['alone'], run: (scene) => sweep(scene, emptied) },
  { name: 'sidecar killed at the n-th write of a change', settings: ['alone'], run: (scene) => sweep(scene, changed) },
  { name: 'sidecar dies with each write', settings: EVERYWHERE, run: dieWithEachWrite },
];

/** For n = 1, 2, … until it lives: the same kind of work, and death right after the n-th write was done. */
async function sweep(scene: Scene, prepare: (scene: Scene) => Promise<void>): Promise<void> {
  for (let nth = 1; ; nth += 1) {
    await scene.sidecar.kill();
    await prepare(scene);
    const isDead = await diesAt(scene, nth);
    if (!isDead) return;
    scene.sidecar.start();
    await scene.recovers();
  }
}

/** No life makes more than one write: all that is done is what is left behind. */
async function dieWithEachWrite(scene: Scene): Promise<void> {
  await scene.sidecar.kill();
  await changed(scene);
  while (await diesAt(scene, 1));
}

/** Starts it; false when it came to its end of work alive. */
async function diesAt({ sidecar, kong }: Scene, nth: number): Promise<boolean> {
  kong.judge.watchWrites((count) => {
    if (count === nth) sidecar.killNow();
  });
  sidecar.start();
  while (sidecar.isRunning && kong.differences().length > 0) await wait(5);
  kong.judge.watchWrites(undefined);
  return !sidecar.isRunning;
}

async function emptied({ kong }: Scene): Promise<void> {
  await kong.startEmpty();
}

async function changed({ life }: Scene): Promise<void> {
  await life.deploy();
  await life.goesOn(6, 100);
}
