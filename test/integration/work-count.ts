import { type Profiler, Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';

/** How often functions and the blocks in them ran, by `file function@offset`: `[calls, block, block, …]`. */
export type Work = ReadonlyMap<string, readonly number[]>;

/** What of this process is counted. */
const PROGRAM = /\/sidecar\/src\/(.+)$/;

/**
 * What the program does from here on in this process, counted by V8 and not by the clock: each call of each function, and
 * each run of each block, loops included.
 */
export class WorkCounter {
  readonly #session = new Session();

  async start(): Promise<void> {
    // What is compiled to machine code does not count the calls of functions without branches.
    for (const flag of ['--no-opt', '--no-maglev', '--no-sparkplug']) setFlagsFromString(flag);
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What was done since the start, or since the last time this was asked. */
  async take(): Promise<Work> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    return new Map(result.flatMap(workOf).sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  async stop(): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}

function workOf({ url, functions }: Profiler.ScriptCoverage): readonly (readonly [string, readonly number[]])[] {
  const [, file] = PROGRAM.exec(url) ?? [];
  if (file === undefined) return [];
  return functions.flatMap(({ functionName, ranges }) => {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return [];
    return [[`${file} ${functionName}@${whole.startOffset}`, ranges.map(({ count }) => count)] as const];
  });
}
