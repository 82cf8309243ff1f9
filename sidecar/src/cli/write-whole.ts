import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../net/message-of.ts';

/** In the place of a path: standard output. */
export const STDOUT = '-';

/** A file cannot be written; what stood there before still does. */
export class FileWriteError extends Error {
  override readonly name = 'FileWriteError';

  constructor(path: string, cause: unknown) {
    super(`${path}: cannot be written (${errorCode(cause)})`, { cause });
  }
}

/**
 * Puts a file in the place of another in one step: whoever reads it sees the one or the other. It keeps its mode, and a
 * link its file; what is no file, such as a pipe, is written to. `mode` is that of a new file; the umask's unless given.
 * @throws FileWriteError
 */
export async function writeWhole(path: string, text: string, mode?: number): Promise<void> {
  try {
    const old = await statOf(path);
    if (old?.isFile() === false) await writeFile(path, text);
    else await replace(old === undefined ? path : await realpath(path), text, old?.mode ?? mode);
  } catch (error) {
    throw new FileWriteError(path, error);
  }
}

/** Undefined when nothing is there. @throws as `node:fs` does */
export async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function replace(path: string, text: string, mode: number | undefined): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.new`);
  const file = await open(draft, 'wx', mode === undefined ? 0o666 : 0o600);
  try {
    await file.writeFile(text);
    if (mode !== undefined) await file.chmod(mode & 0o7777);
    await file.sync();
    await file.close();
    await rename(draft, path);
  } catch (error) {
    await file.close();
    await rm(draft, { force: true });
    throw error;
  }
}
