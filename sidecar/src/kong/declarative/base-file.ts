import { readFile, stat } from 'node:fs/promises';
import { errorCode } from '../../net/message-of.ts';
import { type Base, type Parted, partDocument } from './base.ts';
import { DeclarativeFileError } from './errors.ts';

/** The user's own declarative file, read again whenever it changes. */
export class BaseFile {
  readonly path: string;
  readonly #tag: string;
  #seen: string | undefined;

  constructor(path: string, tag: string) {
    this.path = path;
    this.#tag = tag;
  }

  /** @throws DeclarativeFileError with line and column of each mistake, or when there is no such file */
  async read(): Promise<Base> {
    return (await this.readParted()).base;
  }

  /** With what is ours in it. @throws as `read` does */
  async readParted(): Promise<Parted> {
    try {
      this.#seen = await this.#stamp();
    } catch (error) {
      throw unreadable(this.path, error);
    }
    return partDocument(await readText(this.path), this.path, this.#tag);
  }

  /** Whether it is another than the one read last. A file that is gone for a moment, as editors do, is no other. */
  async hasChanged(): Promise<boolean> {
    try {
      return (await this.#stamp()) !== this.#seen;
    } catch {
      return false;
    }
  }

  async #stamp(): Promise<string> {
    const { mtimeMs, size, ino } = await stat(this.path);
    return `${mtimeMs}/${size}/${ino}`;
  }
}

/** A text file, byte for byte: what is not UTF-8 would not come out again as it was. @throws DeclarativeFileError */
export async function readText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DeclarativeFileError([`${path}: is not UTF-8`]);
  }
}

function unreadable(path: string, error: unknown): DeclarativeFileError {
  return new DeclarativeFileError([`${path}: cannot be read (${errorCode(error)})`]);
}
