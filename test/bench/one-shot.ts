import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { deckVersion, resetDeck, SAID_IN_FULL } from './deck.ts';
import { serviceName, targetOf } from './fleet.ts';
import { type Stage, timed } from './stage.ts';
import { median, type Row, ratio } from './statistics.ts';

const SERVICES = 1_000;
const SIZE = 10;
const RUNS = 5;
const TAG = 'bench-deck';

interface Samples {
  readonly ours: number[];
  readonly deck: number[];
}

/** The one-shot command over a thousand upstreams of ten targets, beside decK when it is installed. */
export async function oneShot(stage: Stage): Promise<readonly Row[]> {
  await stage.fleet.fill(0, SERVICES, SIZE);
  const deckFile = writeDeckFile(stage);
  const deck = deckVersion();
  const cold: Samples = { ours: [], deck: [] };
  const again: Samples = { ours: [], deck: [] };
  let writes = '';
  for (let run = 0; run < RUNS; run += 1) {
    cold.ours.push((await stage.command(['reconcile', '--force'], SERVICES)).ms);
    const second = await stage.command(['reconcile', '--output', 'json'], SERVICES);
    again.ours.push(second.ms);
    writes = /"written": (\[\]|\d+)/.exec(second.stdout)?.[1] ?? 'unknown';
    await stage.cleanUp();
    if (deck === undefined) continue;
    try {
      cold.deck.push((await timed('deck', deckArgs('sync', stage, deckFile))).ms);
      again.deck.push((await timed('deck', deckArgs('sync', stage, deckFile))).ms);
    } finally {
      await resetDeck(stage.kongUrl, TAG);
    }
  }
  const seconds = (samples: readonly number[]) => `${(median(samples) / 1000).toFixed(1)} s (n = ${samples.length})`;
  const against = (ours: readonly number[], theirs: readonly number[]) =>
    deck === undefined
      ? 'decK is not installed'
      : `decK ${deck}: ${seconds(theirs)}, ${ratio(median(theirs), median(ours))} x ours`;
  return [
    {
      what: `cold start, ${SERVICES} upstreams x ${SIZE} targets`,
      measured: seconds(cold.ours),
      ratio: against(cold.ours, cold.deck),
      bar: '>= 2 x faster than decK',
    },
    {
      what: 'the same again, nothing to do',
      measured: `${seconds(again.ours)}, ${writes === '[]' ? '0' : writes} writes`,
      ratio: against(again.ours, again.deck),
      bar: '0 writes',
    },
  ];
}

function deckArgs(command: string, stage: Stage, file: string): readonly string[] {
  return [command, '--kong-addr', stage.kongUrl, '--state', file];
}

function writeDeckFile({ folder }: Stage): string {
  const upstreams = Array.from({ length: SERVICES }, (_, service) => ({
    ...SAID_IN_FULL,
    name: serviceName(service),
    targets: Array.from({ length: SIZE }, (_entry, at) => ({ target: targetOf(service, at), weight: 1 })),
  }));
  const file = path.join(folder, 'deck.json');
  // decK tags what it writes, and finds it again, by the file's own tags.
  writeFileSync(file, JSON.stringify({ _format_version: '3.0', _info: { select_tags: [TAG] }, upstreams }));
  return file;
}
