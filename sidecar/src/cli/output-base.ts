import { stat } from 'node:fs/promises';
import { parseRelease, type Release } from '../core/release.ts';
import type { CurrentUpstream } from '../core/state.ts';
import { type Parted, partDocument } from '../kong/declarative/base.ts';
import { BaseFile, readText } from '../kong/declarative/base-file.ts';
import { DeclarativeFileError } from '../kong/declarative/errors.ts';
import { exportConfig } from '../kong/declarative/load-config.ts';
import { TextDriver } from '../kong/declarative/text-driver.ts';
import { KongUnsupportedError } from '../kong/errors.ts';
import { kongTargets } from './kong-targets.ts';
import { type CommandIo, openSession, tagOf } from './session.ts';
import { FileWriteError, STDOUT, statOf } from './write-whole.ts';

/** The first line of a file whose base is no file of the user: only such a one is replaced with what Kong gives. */
const FROM_KONG = '# From kong-consul, which took it from Kong and put in what Consul says: edits are lost.\n';

/** A file to be, as far as it is known before anything is planned. */
export interface OutputBase {
  readonly driver: TextDriver;
  /** What the file holds now; undefined when it is not there, or is no file. */
  readonly before: string | undefined;
  /** There is nothing yet that a plan could be compared with. */
  readonly isFirst: boolean;
  /** Who may read a new file: it has the secrets of the base. */
  readonly mode: number;
}

interface Source {
  readonly parted: Parted;
  /** Of the Kong that gave it. */
  readonly release: Release | undefined;
  readonly isKongs: boolean;
  readonly mode: number;
}

const OWNER_ONLY = 0o600;

/**
 * What is put into: the user's declarative file, else what a Kong without a database holds. What it is compared with:
 *
 * | the file to be written            | is compared with what is ours in |
 * | --------------------------------- | -------------------------------- |
 * | is there                          | that file                        |
 * | is not there, empty, or stdout    | the base                         |
 *
 * @throws DeclarativeFileError, KongUnsupportedError, or what the client throws
 */
export async function readOutputBase(io: CommandIo, path: string): Promise<OutputBase> {
  const tag = tagOf(io.config);
  const before = path === STDOUT ? undefined : await readOutput(path);
  const source = await readSource(io, tag);
  assertFormat(source.parted);
  const held = heldBy(before, source, { path, tag });
  const { mode, release } = source;
  const driver = new TextDriver({ base: source.parted.base, held, before, tag, release });
  return { driver, before, isFirst: isNothing(before) && held.size === 0, mode };
}

/** What is in the file now; undefined when there is none, or it is a pipe. @throws DeclarativeFileError */
export async function readOutput(path: string): Promise<string | undefined> {
  const found = await statOf(path).catch((error: unknown) => {
    throw new FileWriteError(path, error);
  });
  return found?.isFile() === true ? await readText(path) : undefined;
}

async function readSource(io: CommandIo, tag: string): Promise<Source> {
  const { declarativeFile } = io.config.kong;
  if (declarativeFile === undefined) return await readKong(io, tag);
  const parted = await new BaseFile(declarativeFile, tag).readParted();
  const { mode } = await stat(declarativeFile);
  return { parted, release: undefined, isKongs: false, mode };
}

async function readKong(io: CommandIo, tag: string): Promise<Source> {
  const [only, ...others] = await kongTargets(io);
  if (only === undefined || others.length > 0)
    throw new KongUnsupportedError(
      '--output-file takes one Kong as its base: name one in kong.admin_url, or give kong.declarative_file',
    );
  const { kong, info, close } = await openSession(only.config, io.signal);
  try {
    if (info.database !== 'off')
      throw new KongUnsupportedError(
        `${kong.displayUrl} keeps its entities in a database (${info.database}): --output-file needs kong.declarative_file there`,
      );
    const text = `${FROM_KONG}${await exportConfig(kong, io.signal)}`;
    const parted = partDocument(text, 'GET /config', tag);
    return { parted, release: parseRelease(info.version), isKongs: true, mode: OWNER_ONLY };
  } finally {
    close();
  }
}

/** Kong takes no document without it. */
function assertFormat({ base }: Parted): void {
  if (typeof base.data._format_version === 'string') return;
  throw new DeclarativeFileError([
    `${base.origin}: is no declarative configuration of Kong: it has no _format_version, such as "3.0"`,
  ]);
}

function heldBy(
  before: string | undefined,
  { parted, isKongs }: Source,
  { path, tag }: { readonly path: string; readonly tag: string },
): ReadonlyMap<string, CurrentUpstream> {
  if (before === undefined || isNothing(before)) return parted.ours;
  const earlier = partDocument(before, path, tag);
  assertFormat(earlier);
  if (!isKongs || before.startsWith(FROM_KONG)) return earlier.ours;
  throw new DeclarativeFileError([
    `${path}: is not from kong-consul, and what Kong holds would take its place: to keep what is in it, name it in kong.declarative_file too`,
  ]);
}

function isNothing(before: string | undefined): boolean {
  return before === undefined || before.trim() === '';
}
