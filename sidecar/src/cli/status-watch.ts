import { messageOf } from '../net/message-of.ts';
import { sleep } from '../net/sleep.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { plain } from './paint.ts';
import type { OutputFormat } from './render.ts';
import type { CommandIo } from './session.ts';
import { exitCodeOfRows, type StatusRow } from './status-rows.ts';
import { fittingRows, statusText, sumsLine } from './status-text.ts';

export interface WatchOptions {
  readonly read: () => Promise<readonly StatusRow[]>;
  readonly everyMs: number;
  readonly output: OutputFormat;
}

/** The last reading, and what is wrong since then. */
interface Reading {
  readonly rows: readonly StatusRow[] | undefined;
  readonly problem: string | undefined;
}

/** Where readings are shown, one after the other. */
interface Screen {
  show(reading: Reading): void;
  close(last: Reading): void;
}

/** Shows the status until the signal is aborted; a reading that fails is said, and tried again. */
export async function watchStatus(io: CommandIo, options: WatchOptions): Promise<ExitCode> {
  const screen = io.terminal.isTerminal && options.output === 'table' ? liveScreen(io) : lineScreen(io, options.output);
  let reading: Reading = { rows: undefined, problem: undefined };
  try {
    for (;;) {
      reading = await next(reading, options, io.signal);
      screen.show(reading);
      await sleep(options.everyMs, io.signal);
    }
  } catch (error) {
    if (!io.signal.aborted) throw error;
  } finally {
    screen.close(reading);
  }
  return reading.rows === undefined ? EXIT.error : exitCodeOfRows(reading.rows);
}

async function next({ rows }: Reading, { read }: WatchOptions, signal: AbortSignal): Promise<Reading> {
  try {
    return { rows: await read(), problem: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { rows, problem: messageOf(error) };
  }
}

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
/** Lines besides the rows: the clock, an empty one, the head, the sums, the rest, and one that stays free. */
const FURNITURE = 6;

/** Draws on the terminal's second screen; what was there before comes back, with the last reading below it. */
function liveScreen({ terminal, print }: CommandIo): Screen {
  print(ENTER);
  return {
    show: (reading) => {
      const lines = frame(reading, terminal).split('\n');
      print(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`);
    },
    close: ({ rows }) => {
      print(LEAVE);
      if (rows !== undefined) print(statusText(rows, terminal));
    },
  };
}

function frame({ rows, problem }: Reading, terminal: CommandIo['terminal']): string {
  const clock = `${new Date().toISOString().slice(11, 19)} UTC`;
  const head = problem === undefined ? clock : `${clock}  cannot be read: ${plain(problem)}`;
  if (rows === undefined) return `${head}\n`;
  const shown = fittingRows(rows, terminal.rows - FURNITURE);
  if (shown.length === rows.length) return `${head}\n\n${statusText(rows, terminal)}`;
  const table = statusText(shown, terminal).split('\n').slice(0, -2).join('\n');
  return `${head}\n\n${table}\n… ${rows.length - shown.length} more\n${sumsLine(rows)}\n`;
}

/** A line for each upstream that is not as it was: for pipes and files. */
function lineScreen({ print }: CommandIo, output: OutputFormat): Screen {
  const known = new Map<string, string>();
  let problemBefore: string | undefined;
  return {
    show: ({ rows = [], problem }) => {
      const time = new Date().toISOString();
      if (problem !== undefined && problem !== problemBefore) print(lineOf({ time, problem: plain(problem) }, output));
      problemBefore = problem;
      const names = new Set(rows.map(({ upstream }) => upstream));
      for (const row of rows) {
        const text = JSON.stringify(row);
        if (known.get(row.upstream) !== text) print(lineOf({ time, ...row }, output));
        known.set(row.upstream, text);
      }
      for (const upstream of known.keys()) {
        if (problem !== undefined || names.has(upstream)) continue;
        known.delete(upstream);
        print(lineOf({ time, upstream, state: 'gone' }, output));
      }
    },
    close: () => {},
  };
}

type Line = { readonly time: string } & (
  | { readonly problem: string }
  | StatusRow
  | { readonly upstream: string; readonly state: string }
);

function lineOf(line: Line, output: OutputFormat): string {
  if (output !== 'table') return `${JSON.stringify(line)}\n`;
  if ('problem' in line) return `${line.time} cannot be read: ${line.problem}\n`;
  const counts = 'healthy' in line ? `, ${line.healthy} healthy, ${line.targets} targets` : '';
  const remark = 'remark' in line && line.remark !== '' ? `: ${plain(line.remark)}` : '';
  return `${line.time} ${plain(line.upstream)} is ${line.state.replace('_', ' ')}${counts}${remark}\n`;
}
