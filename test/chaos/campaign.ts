import { asFault, asPair, type ChaosFault } from './fault.ts';
import { dataLosses, outagesOfConsul } from './faults-of-consul.ts';
import { emptiedKong, outagesOfKong } from './faults-of-kong.ts';
import { faultsOfLife } from './faults-of-life.ts';
import { faultsOfSidecar } from './faults-of-sidecar.ts';
import type { Random } from './random.ts';
import { type Scene, type SceneOptions, startScene } from './scene.ts';

const OUTAGES = [...outagesOfConsul, ...outagesOfKong];
const FAULTS: readonly ChaosFault[] = [
  ...faultsOfLife,
  ...OUTAGES.map(asFault),
  ...dataLosses,
  emptiedKong,
  ...faultsOfSidecar,
  asPair(OUTAGES),
];

export interface CampaignOptions extends SceneOptions {
  /** Faults to make; one that is a series of them counts once. */
  readonly rounds: number;
  /** No further fault begins after this. `performance.now()` */
  readonly untilMs: number;
  /** By its name. */
  readonly isWanted: (fault: string) => boolean;
  readonly onRound?: (fault: string, scene: Scene) => void;
}

/** Runs faults at random, each kind once before any comes again. A fault that nothing recovers from ends it. */
export async function runCampaign(options: CampaignOptions): Promise<void> {
  const { random, results, rounds, untilMs } = options;
  const faults = FAULTS.filter(({ settings, name }) => settings.includes(options.setting) && options.isWanted(name));
  if (faults.length === 0) return;
  results.begin('start');
  const scene = await startScene(options);
  try {
    for (const fault of endless(faults, random, rounds)) {
      if (performance.now() > untilMs) return;
      results.begin(fault.name);
      await fault.run(scene);
      await scene.recovers();
      options.onRound?.(fault.name, scene);
    }
  } catch (error) {
    results.find({ kind: 'other', what: error instanceof Error ? error.message : String(error) });
  } finally {
    options.onRound?.('', scene);
    await scene.dispose();
  }
}

function* endless(faults: readonly ChaosFault[], random: Random, rounds: number): Generator<ChaosFault> {
  for (let left = rounds; left > 0; ) {
    for (const fault of random.shuffle(faults).slice(0, left)) {
      left -= 1;
      yield fault;
    }
  }
}
