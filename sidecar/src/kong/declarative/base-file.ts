import { readFile, stat } from 'node:fs/promises';
import { type Base, partDocument } from './base.ts';
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
    let text: string;
    try {
      this.#seen = await this.#stamp();
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      throw new DeclarativeFileError([`${this.path}: cannot be read (${code})`]);
    }
    return partDocument(text, this.path, this.#tag).base;
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
