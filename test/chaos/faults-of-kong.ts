import { setTimeout as wait } from 'node:timers/promises';
import type { FaultKind } from '../kong-double/faults.ts';
import { type ChaosFault, EVERYWHERE, type Outage } from './fault.ts';
import { type Scene, TIMEOUT_SECONDS } from './scene.ts';

const WRITES = ['POST', 'PATCH', 'DELETE'] as const;

export const outagesOfKong: readonly Outage[] = [
  outage('Kong refuses connections', async ({ kong }) => {
    await kong.double.stop();
    return () => kong.double.listen();
  }),
  outage('Kong is slow', async (scene) => {
    const ms = scene.random.between(300, 3_000);
    const end = everything(scene, { kind: 'delay', ms });
    return async () => {
      await end();
      // What it has taken up it still does, in its own time.
      await wait(ms);
    };
  }),
  outage('Kong writes late, when nobody waits any more', async (scene) => {
    const ms = TIMEOUT_SECONDS * 1000 + scene.random.between(100, 1_500);
    const end = writes(scene, { kind: 'delay', ms });
    return async () => {
      await end();
      await wait(ms);
    };
  }),
  outage('Kong answers 5xx', async (scene) =>
    everything(scene, { kind: 'status', status: scene.random.pick([500, 502, 503, 504]), body: { message: 'no' } }),
  ),
  outage('Kong answers 429', async (scene) => {
    const headers = { 'retry-after': String(scene.random.between(1, 2)) };
    return everything(scene, { kind: 'status', status: 429, headers, body: { message: 'too many' } });
  }),
  outage('Kong answers with an error page and 200', async (scene) => everything(scene, { kind: 'html' })),
  outage('Kong writes, but the answers are lost', async (scene) => writes(scene, { kind: 'drop-after-write' })),
  outage('Kong writes, but the answers are cut short', async (scene) => writes(scene, { kind: 'truncate' })),
  outage('plans end half way', async (scene) => {
    const from = scene.random.between(2, 4);
    return writes(scene, { kind: 'status', status: 500, body: { message: 'no' } }, { from, to: 1_000 });
  }),
];

export const emptiedKong: ChaosFault = {
  name: 'Kong restarted empty',
  settings: EVERYWHERE,
  run: async ({ kong, life, random }) => {
    await kong.startEmpty();
    if (random.chance(0.5)) await life.goesOn(3, 200);
  },
};

function outage(name: string, begin: Outage['begin']): Outage {
  return { name, side: 'kong', settings: EVERYWHERE, begin };
}

function everything({ kong }: Scene, does: FaultKind): () => Promise<void> {
  const end = kong.double.inject({ does });
  return async () => void end();
}

function writes(
  { kong }: Scene,
  does: FaultKind,
  nth?: { readonly from: number; readonly to: number },
): () => Promise<void> {
  const ends = WRITES.map((method) => kong.double.inject({ method, does, ...(nth !== undefined && { nth }) }));
  return async () => {
    for (const end of ends) end();
  };
}
