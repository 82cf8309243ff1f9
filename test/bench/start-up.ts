import type { Stage } from './stage.ts';
import { timed } from './stage.ts';
import { median, type Row } from './statistics.ts';

const RUNS = 9;

/** What the program costs before it does anything, over Node itself. */
export async function startUp(stage: Stage): Promise<readonly Row[]> {
  await stage.fleet.fill(0, 1, 1);
  const node: number[] = [];
  const help: number[] = [];
  const diff: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    node.push((await timed(process.execPath, ['-e', '0'])).ms);
    help.push((await stage.command(['--help'], 0)).ms);
    diff.push((await stage.command(['diff'], 1)).ms);
  }
  const row = (what: string, samples: readonly number[], barMs: number): Row => ({
    what,
    measured: `${median(samples).toFixed(0)} ms (n = ${RUNS})`,
    ratio: `Node alone ${median(node).toFixed(0)} ms, + ${(median(samples) - median(node)).toFixed(0)} ms`,
    bar: `+ <= ${barMs} ms`,
  });
  return [row('kong-consul --help', help, 150), row('kong-consul diff of one upstream', diff, 300)];
}
