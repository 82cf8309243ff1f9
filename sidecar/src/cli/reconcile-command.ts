import { describeChange } from '../core/describe.ts';
import type { OnceResult } from '../reconcile/reconcile-once.ts';
import type { ReportState } from '../reconcile/report.ts';
import { reportJson } from '../serve/report-json.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { runOnce } from './once.ts';
import { plain } from './paint.ts';
import { planText } from './plan-text.ts';
import { type OutputFormat, render } from './render.ts';
import type { CommandIo } from './session.ts';

export interface ReconcileFlags {
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly only: readonly string[];
  readonly output: OutputFormat;
}

const BROKEN: ReadonlySet<ReportState> = new Set(['error', 'waiting', 'conflict', 'frozen']);

/** `reconcile`: the whole line once. */
export async function reconcileCommand(io: CommandIo, flags: ReconcileFlags): Promise<ExitCode> {
  const result = await runOnce(io, {
    ...flags,
    onChange: (change) => io.log.info({ upstream: change.upstream }, describeChange(change)),
  });
  const loaded = flags.dryRun || !result.documentDiffers ? '' : 'The declarative file was loaded into Kong.\n';
  const ending = `${flags.dryRun ? '' : `${result.written.length} changes written.\n`}${loaded}`;
  io.print(render(flags.output, resultJson(result), () => resultText(result, ending, io.terminal.colour)));
  return exitCodeOf(result);
}

/** What a one-shot run gives as JSON and YAML. */
export function resultJson(result: OnceResult) {
  return {
    upstreams: result.reports.map(reportJson),
    written: result.written.map((change) => ({ ...change, text: describeChange(change) })),
    unbound: result.unbound.map(({ subject, reason }) => ({ subject, reason })),
    unknown: result.unknown,
    ...(result.failedNodes.length > 0 && { failed_nodes: result.failedNodes }),
    ...(result.documentDiffers && { declarative_file: 'differs' }),
  };
}

/** 1 when anything could not be read or written, 3 when the guard holds something, else 0. */
export function exitCodeOf(result: OnceResult): ExitCode {
  const isBroken = result.reports.some((report) => BROKEN.has(report.state));
  if (isBroken || result.unknown.length > 0 || result.failedNodes.length > 0) return EXIT.error;
  return result.reports.some((report) => report.state === 'held') ? EXIT.held : EXIT.ok;
}

/** The same for people; `ending` says what became of it. */
export function resultText(result: OnceResult, ending: string, colour: boolean): string {
  const unknown = result.unknown.map((name) => `! ${plain(name)}: nothing binds an upstream of this name\n`).join('');
  const written = result.written
    .map((change) => `${plain(`${change.upstream}: ${describeChange(change)}`)}\n`)
    .join('');
  return `${failedText(result.failedNodes)}${unknown}${written}${planText(result, colour)}${ending}`;
}

/** Kongs of a fleet that could not be reached. */
export function failedText(nodes: OnceResult['failedNodes']): string {
  return nodes.map(({ node, problem }) => `! ${node}: ${plain(problem)}\n`).join('');
}
