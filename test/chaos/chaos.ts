import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { runCampaign } from './campaign.ts';
import { Random } from './random.ts';
import { Results, table } from './results.ts';

const LIMIT_MS = 5_000;
const LEEWAY_MS = 1_000;

const program = new Command('chaos')
  .description('Makes faults at random, and looks whether kong-consul comes right and does no harm meanwhile.')
  .option('--seed <number>', 'same seed, same faults', String(Date.now() % 1_000_000))
  .option('--rounds <number>', 'faults to make on each setting', '60')
  .option('--seconds <number>', 'no further fault after this', '600')
  .option('--setting <name>', 'alone (one Consul), cluster (three) or both', 'both')
  .option('--only <text>', 'only faults with this in their name')
  .option('--json <file>', 'write the results there too')
  .option('--log <file>', "write the sidecar's log there when something is wrong")
  .parse();
const given = program.opts<
  Readonly<Record<'seed' | 'rounds' | 'seconds' | 'setting', string>> &
    Partial<Readonly<Record<'only' | 'json' | 'log', string>>>
>();

const seed = Number(given.seed);
const results = new Results();
process.stdout.write(`seed ${seed}\n`);
const untilMs = performance.now() + Number(given.seconds) * 1000;
let log = '';
for (const setting of (['alone', 'cluster'] as const).filter(
  (name) => given.setting === 'both' || given.setting === name,
)) {
  let seen = results.violations.length;
  await runCampaign({
    ...{ setting, results, untilMs, random: new Random(seed), rounds: Number(given.rounds), only: given.only },
    ...{ limitMs: LIMIT_MS, leewayMs: LEEWAY_MS },
    onRound: (fault, scene) => {
      const news = results.violations.slice(seen);
      seen = results.violations.length;
      for (const { fault: of, kind, what } of news)
        process.stdout.write(`VIOLATION ${setting}, ${of}: ${kind}: ${what}\n`);
      if (news.length > 0) log += `--- ${setting}, ${fault}\n${scene.sidecar.log()}\n`;
    },
  });
}
const list = results.list();
process.stdout.write(
  `\n${table(list)}\n\nseed ${seed}: ${results.tried} faults, ${results.violations.length} violations\n`,
);
if (given.json !== undefined)
  writeFileSync(given.json, `${JSON.stringify({ seed, faults: list, violations: results.violations }, null, 2)}\n`);
if (given.log !== undefined && log !== '') writeFileSync(given.log, log);
process.exitCode = results.violations.length === 0 ? 0 : 1;
