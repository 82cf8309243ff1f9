import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { runCampaign } from './campaign.ts';
import type { Setting } from './consul-side.ts';
import { Random } from './random.ts';
import { Results, table } from './results.ts';
import type { Scene } from './scene.ts';

const LIMIT_MS = 5_000;
const LEEWAY_MS = 1_000;
const LONGEST_OUTAGE_MS = 3_000;

interface Flags {
  readonly seed: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly setting: Setting | 'both';
  readonly only: string;
  readonly json?: string;
  readonly log?: string;
}

const flags = new Command('chaos')
  .description('Makes faults at random, and looks whether kong-consul comes right and does no harm meanwhile.')
  .option('--seed <number>', 'same seed, same choices', whole, Date.now() % 1_000_000)
  .option('--rounds <number>', 'faults to make in each setting', whole, 60)
  .option('--seconds <number>', 'no further fault after this', whole, 900)
  .addOption(
    new Option('--setting <name>', 'one Consul alone, a cluster of three, or both')
      .choices(['alone', 'cluster', 'both'])
      .default('both'),
  )
  .option('--only <text>', 'only faults with this in their name', '')
  .option('--json <file>', 'write the results there too')
  .option('--log <file>', 'write what the sidecar logs there, fault by fault')
  .parse()
  .opts<Flags>();

const results = new Results();
const logs: string[] = [];
say(`seed ${flags.seed}, load ${os.loadavg()[0]?.toFixed(1)} on ${os.cpus().length} cores`);
const untilMs = performance.now() + flags.seconds * 1000;
for (const setting of ['alone', 'cluster'] as const) {
  if (flags.setting === setting || flags.setting === 'both') await run(setting);
}
const faults = results.list();
const { violations } = results;
say(`\n${table(faults)}\n\nseed ${flags.seed}: ${results.tried} faults, ${violations.length} violations`);
if (flags.json !== undefined)
  writeFileSync(flags.json, `${JSON.stringify({ seed: flags.seed, faults, violations }, null, 2)}\n`);
if (flags.log !== undefined) writeFileSync(flags.log, logs.join('\n'));
process.exitCode = violations.length === 0 ? 0 : 1;

async function run(setting: Setting): Promise<void> {
  let seen = results.violations.length;
  const onRound = (fault: string, { sidecar }: Scene) => {
    const news = results.violations.slice(seen);
    seen = results.violations.length;
    const lines = news.map(({ kind, what }) => `VIOLATION ${setting}: ${fault}: ${kind}: ${what}`);
    for (const line of lines) say(line);
    logs.push(`--- ${setting}: ${fault}, ${results.lastRecoveryMs?.toFixed(0)} ms`, ...lines, sidecar.takeLog());
  };
  await runCampaign({
    ...{ setting, results, untilMs, onRound, random: new Random(flags.seed), rounds: flags.rounds },
    ...{ limitMs: LIMIT_MS, leewayMs: LEEWAY_MS, longestOutageMs: LONGEST_OUTAGE_MS },
    isWanted: (fault) => fault.includes(flags.only),
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}
