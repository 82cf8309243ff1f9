import { stringify } from 'yaml';
import { type DeckFile, toDeckFile } from '../core/deck-file.ts';
import type { KongDriver, UpstreamState } from '../kong/driver.ts';
import { RehearsalDriver } from '../kong/rehearsal-driver.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { runOnce } from './once.ts';
import { problemsOf } from './plan-text.ts';
import { exitCodeOf } from './reconcile-command.ts';
import { type CommandIo, openSession, tagOf } from './session.ts';
import { STDOUT, writeWhole } from './write-whole.ts';

/** What Kong holds now, or what it would hold after the next run. */
export type ExportedState = 'current' | 'desired';

export interface ExportFlags {
  readonly state: ExportedState;
  readonly outputFile?: string | undefined;
}

const ABOUT = { current: 'as Kong held them', desired: 'as kong-consul would have Kong hold them' } as const;

interface Exported {
  readonly file: DeckFile;
  readonly code: ExitCode;
  /** What is wrong, or held. */
  readonly problems: readonly string[];
}

/** `export`: the owned upstreams and targets as a state file of decK; nothing when any of it could not be read. */
export async function exportCommand(io: CommandIo, flags: ExportFlags): Promise<ExitCode> {
  const { file, code, problems } = await (flags.state === 'current' ? exportCurrent(io) : exportDesired(io));
  for (const problem of problems) io.log.warn(problem);
  if (code === EXIT.error) return code;
  const text = fileText(file, tagOf(io.config), flags.state);
  const { outputFile = STDOUT } = flags;
  if (outputFile === STDOUT) io.print(text);
  else await writeWhole(outputFile, text);
  return code;
}

async function exportCurrent(io: CommandIo): Promise<Exported> {
  const session = await openSession(io.config, io.signal);
  try {
    const states = await session.driver.readStates(new Set(), io.signal);
    return { file: fileOf(io, session.driver, states), code: EXIT.ok, problems: [] };
  } finally {
    session.close();
  }
}

async function exportDesired(io: CommandIo): Promise<Exported> {
  let rehearsal: RehearsalDriver | undefined;
  const result = await runOnce(io, { dryRun: false, force: false, only: [] }, (driver) => {
    rehearsal = new RehearsalDriver(driver, tagOf(io.config));
    return rehearsal;
  });
  if (rehearsal === undefined) throw new Error('the line did not run');
  return {
    file: fileOf(io, rehearsal, rehearsal.states),
    code: exitCodeOf(result),
    problems: problemsOf(result.reports),
  };
}

function fileOf({ config }: CommandIo, { release }: KongDriver, states: ReadonlyMap<string, UpstreamState>): DeckFile {
  const upstreams = [...states.values()].flatMap(({ current, staged }) =>
    [current, staged].filter((upstream) => upstream !== undefined),
  );
  return toDeckFile({ upstreams, tag: tagOf(config), release, workspace: config.kong.workspace });
}

function fileText({ document, leftOut }: DeckFile, tag: string, state: ExportedState): string {
  const lines = [
    `Upstreams and targets with the tag ${tag}, ${ABOUT[state]}. From kong-consul export: edits are lost.`,
    'Sync it alone: decK puts its select tag on all that is in the files of one sync, yours too.',
    ...leftOut.map((what) => `Left out: ${what}`),
  ];
  return `${lines.map((line) => `# ${line}\n`).join('')}${stringify(document)}`;
}
