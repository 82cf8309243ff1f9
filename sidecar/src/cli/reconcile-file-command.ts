import { describeChange } from '../core/describe.ts';
import { partDocument } from '../kong/declarative/base.ts';
import { BODY_LIMIT_BYTES } from '../kong/declarative/load-config.ts';
import type { KongDriver } from '../kong/driver.ts';
import { messageOf } from '../net/message-of.ts';
import type { OnceResult } from '../reconcile/reconcile-once.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { runOnceWith } from './once.ts';
import { type OutputBase, readOutput, readOutputBase } from './output-base.ts';
import { plain } from './paint.ts';
import { problemsOf } from './plan-text.ts';
import { exitCodeOf, type ReconcileFlags, resultJson, resultText } from './reconcile-command.ts';
import { render } from './render.ts';
import { type CommandIo, createConsul, createKong, tagOf } from './session.ts';
import { STDOUT, writeWhole } from './write-whole.ts';

/** `reconcile` with a file to write to. */
export interface ReconcileFileFlags extends ReconcileFlags {
  /** A path, or `-`. */
  readonly outputFile: string;
}

/**
 * What became of the file.
 *
 * | outcome   | the file                                                                          |
 * | --------- | --------------------------------------------------------------------------------- |
 * | unchanged | is as it should be, and was not touched                                           |
 * | refused   | would be the first one, and lack what could not be read                           |
 * | pending   | would be written, were it not for the dry run                                     |
 * | written   | is the new one                                                                    |
 */
type Outcome = 'unchanged' | 'refused' | 'pending' | 'written';

/**
 * `reconcile --output-file`: the whole line once, into a declarative file for Kong instead of Kong.
 * @throws before anything is written
 */
export async function reconcileFileCommand(io: CommandIo, flags: ReconcileFileFlags): Promise<ExitCode> {
  const base = await readOutputBase(io, flags.outputFile);
  const made = await make(base, io, flags);
  const outcome = await put(base, made, io, flags);
  const result = outcome === 'written' ? made : { ...made, written: [] };
  for (const change of result.written) io.log.info({ upstream: change.upstream }, describeChange(change));
  tell(result, outcome, io, flags);
  return exitCodeOf(result);
}

/** Brings the driver's text up to date, which is in memory only; a dry run too, so that it can tell what would be. */
async function make({ driver }: OutputBase, io: CommandIo, flags: ReconcileFileFlags): Promise<OnceResult> {
  const consul = createConsul(io.config);
  const kong = createKong(io.config);
  try {
    const result = await runOnceWith({ consul, kong, driver }, io, flags);
    if (flags.dryRun) await Promise.all(result.reports.map((report) => rehearse(driver, report, io)));
    return result;
  } finally {
    consul.close();
    kong.close();
  }
}

/** What a dry run only planned. */
async function rehearse(driver: KongDriver, { upstream, plan, hold }: UpstreamReport, io: CommandIo): Promise<void> {
  const allowed = (plan?.changes ?? []).filter((change) => hold?.changes.includes(change) !== true);
  try {
    const state = await driver.readState(upstream, io.signal);
    await driver.apply(allowed, state, io.signal, { onChange: () => {}, isOvertaken: () => false });
  } catch (error) {
    io.log.warn({ upstream }, messageOf(error));
  }
}

async function put(base: OutputBase, result: OnceResult, io: CommandIo, flags: ReconcileFileFlags): Promise<Outcome> {
  const { driver, before, isFirst, mode } = base;
  const { outputFile } = flags;
  if (isFirst && exitCodeOf(result) === EXIT.error) return 'refused';
  const { text } = driver;
  if (text === before) return 'unchanged';
  assertSound(text, outputFile, tagOf(io.config));
  if (flags.dryRun) return 'pending';
  if (outputFile === STDOUT) {
    io.print(text);
    return 'written';
  }
  if ((await readOutput(outputFile)) !== before)
    throw new Error(`${outputFile}: has been changed meanwhile: nothing was written`);
  await writeWhole(outputFile, text, mode);
  return 'written';
}

/** @throws when Kong could not take it, or it cannot be read again: no such file may take the place of a good one */
function assertSound(text: string, path: string, tag: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > BODY_LIMIT_BYTES) {
    const size = `${(bytes / 1024 / 1024).toFixed(1)} MB`;
    throw new Error(
      `${path}: would have ${size}, more than the 10 MB that Kong's Admin API takes: nothing was written`,
    );
  }
  partDocument(text, path, tag);
}

/** Stdout has the document or what is said of it, never both. */
function tell(result: OnceResult, outcome: Outcome, io: CommandIo, flags: ReconcileFileFlags): void {
  const { outputFile, output } = flags;
  if (outputFile === STDOUT && !flags.dryRun) {
    for (const problem of allProblems(result)) io.log.warn(problem);
    if (outcome === 'refused') io.log.error('nothing is written: it would lack what could not be read');
    return;
  }
  const { declarative_file: _, ...json } = resultJson(result);
  const value = { ...json, output_file: { path: outputFile, outcome } };
  const ending = ENDINGS[outcome](plain(outputFile), result);
  io.print(render(output, value, () => resultText(result, ending, io.terminal.colour)));
}

const ENDINGS: Readonly<Record<Outcome, (path: string, result: OnceResult) => string>> = {
  unchanged: (path) => `${path} is as it should be.\n`,
  refused: (path) => `! ${path} is not written: it is the first one, and would lack what could not be read.\n`,
  pending: (path) => `${path} would be written.\n`,
  written: (path, { written }) => `${written.length} changes: ${path} was written.\n`,
};

function allProblems({ reports, unknown, unbound }: OnceResult): readonly string[] {
  return [
    ...problemsOf(reports),
    ...unbound.map(({ subject, reason }) => `${subject} is not bound: ${reason}`),
    ...unknown.map((name) => `${name}: nothing binds an upstream of this name`),
  ];
}
