import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { Command, Option } from 'commander';
import { budget } from './budget.ts';
import { churn } from './churn.ts';
import { oneShot } from './one-shot.ts';
import { peer } from './peer.ts';
import { perChange } from './per-change.ts';
import { propagation } from './propagation.ts';
import { Stage } from './stage.ts';
import { startUp } from './start-up.ts';
import { markdown, type Row } from './statistics.ts';
import { storm } from './storm.ts';

const PARTS = ['start-up', 'propagation', 'peer', 'per-change', 'budget', 'storm', 'one-shot', 'churn'] as const;
type Part = (typeof PARTS)[number];

const program = new Command('bench')
  .description('measures the built program on a real Consul, with a Kong double or the Kong at KONG_ADMIN_URL')
  .addOption(new Option('--only <part>', 'one part, repeatable').argParser(partOf).default([]))
  .option('--sizes <list>', 'numbers of bound services', numbersOf, [1, 100, 1_000, 5_000])
  .option('--json <file>', 'where the figures go', 'bench.json');
program.parse();
const options = program.opts<{
  readonly only: readonly Part[];
  readonly sizes: readonly number[];
  readonly json: string;
}>();
const kongUrl = process.env.KONG_ADMIN_URL;

const facts = `${os.cpus().length} cores (${os.cpus()[0]?.model.trim()}), Node ${process.version}, real Consul, ${kongUrl === undefined ? 'Kong double' : `Kong at ${kongUrl}`}, ${new Date().toISOString().slice(0, 10)}`;

const rows: Row[] = [];
for (const part of options.only.length === 0 ? PARTS : options.only) {
  process.stderr.write(`measuring ${part} ...\n`);
  rows.push(...(await measure(part)));
  // After each part: what was measured stays when a later part fails.
  writeFileSync(options.json, `${JSON.stringify({ facts, rows }, null, 2)}\n`);
}
process.stdout.write(`\n${facts}\n\n${markdown(rows)}\n`);

async function measure(part: Part): Promise<readonly Row[]> {
  if (part === 'budget') return await budget(kongUrl);
  const stage = await Stage.open(kongUrl);
  try {
    switch (part) {
      case 'start-up':
        return await startUp(stage);
      case 'propagation':
        return await propagation(stage, options.sizes);
      case 'peer':
        return await peer(stage, options.sizes);
      case 'per-change':
        return await perChange(stage);
      case 'storm':
        return await storm(stage);
      case 'churn':
        return await churn(stage);
      case 'one-shot':
        return await oneShot(stage);
      default:
        throw new Error(`no such part: ${part satisfies never}`);
    }
  } finally {
    await stage.close();
  }
}

function partOf(given: string, before: readonly Part[]): readonly Part[] {
  const part = PARTS.find((candidate) => candidate === given);
  if (part === undefined) throw new Error(`no such part: ${given}; there are ${PARTS.join(', ')}`);
  return [...before, part];
}

function numbersOf(given: string): readonly number[] {
  return given.split(',').map(Number);
}
