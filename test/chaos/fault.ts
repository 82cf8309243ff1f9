import { setTimeout as wait } from 'node:timers/promises';
import type { Setting } from './consul-side.ts';
import type { Scene } from './scene.ts';

/** One thing that goes wrong, or one that just happens. */
export interface ChaosFault {
  readonly name: string;
  /** Where it can happen. */
  readonly settings: readonly Setting[];
  /** Makes it happen; it is over when this resolves. */
  readonly run: (scene: Scene) => Promise<void>;
}

/** What begins and ends. */
export interface Outage extends Omit<ChaosFault, 'run'> {
  readonly side: 'consul' | 'kong';
  /** Nobody can register anything meanwhile. */
  readonly stopsLife?: boolean;
  /** Resolves when it has begun, with what ends it. */
  readonly begin: (scene: Scene) => Promise<() => Promise<void>>;
}

export const EVERYWHERE: readonly Setting[] = ['alone', 'cluster'];

/** An outage while life goes on, if it can. */
export function asFault(outage: Outage): ChaosFault {
  const { name, settings } = outage;
  return { name, settings, run: (scene) => during(scene, [outage]) };
}

/** Two outages that overlap, one of each side. */
export function asPair(outages: readonly Outage[]): ChaosFault {
  const of = (side: Outage['side'], { options, random }: Scene) =>
    random.pick(outages.filter((outage) => outage.side === side && outage.settings.includes(options.setting)));
  return {
    name: 'outages of Consul and Kong at once',
    settings: EVERYWHERE,
    run: (scene) => during(scene, scene.random.shuffle([of('consul', scene), of('kong', scene)])),
  };
}

async function during(scene: Scene, outages: readonly Outage[]): Promise<void> {
  const { random, life, options } = scene;
  const ends: (() => Promise<void>)[] = [];
  for (const outage of outages) ends.push(await outage.begin(scene));
  const lastsMs = random.between(200, options.longestOutageMs);
  if (outages.some(({ stopsLife }) => stopsLife)) await wait(lastsMs);
  else await life.goesOn(random.between(3, 10), lastsMs);
  for (const end of random.shuffle(ends)) await end();
}
