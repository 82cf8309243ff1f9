import { isOwned } from '../../core/ownership.ts';
import { sleep } from '../../net/sleep.ts';
import type { KongClient } from '../client.ts';
import { KongChangedError } from '../errors.ts';
import { type Base, mergeDocument, partDocument } from './base.ts';
import { type Known, oursOf, overlay } from './known.ts';
import { EMPTY_HASH, exportConfig, isHashOf, loadConfig, readHash } from './load-config.ts';
import type { NewsListener } from './news.ts';
import { readUpstreams } from './read-entities.ts';
import { type Refusal, RefusedError } from './refusal.ts';

/** A base and what of ours is in it. */
export interface Draft {
  readonly base: Base;
  readonly known: Known;
}

/** For the log, and asked before each try. */
export interface LoadReason {
  readonly upstreams: readonly string[];
  readonly isOvertaken: () => boolean;
}

const EXPORT = 'GET /config';
const READ_TRIES = 3;
const HASH_TRIES = 5;
const HASH_PAUSE_MS = 100;

/**
 * The one document that a Kong without a database holds, as far as it is known here. While Kong reports the hash of
 * what was loaded last, everything is known and nothing needs to be read. Not for use by two at once.
 *
 * | Kong's `configuration_hash`     | means                                                             |
 * | ------------------------------- | ----------------------------------------------------------------- |
 * | of the document loaded last     | Kong holds it; it is zeros when there is no entity in it          |
 * | only zeros, and it had one      | Kong lost its memory: the same document goes back, whole          |
 * | another                         | somebody loaded another: all is read again                        |
 */
export class KongDocument {
  readonly #client: KongClient;
  readonly #tag: string;
  readonly #tell: NewsListener;
  #known: Known = new Map();
  #hash: string | undefined;
  #base: Base | undefined;
  /** Kong has taken a document with this base. */
  #isProven = false;
  #adopted: ReadonlySet<string> = new Set();
  #isLost = false;

  constructor(client: KongClient, tag: string, tell: NewsListener) {
    this.#client = client;
    this.#tag = tag;
    this.#tell = tell;
  }

  /** All upstreams that Kong holds, or will hold once the file is loaded. */
  get known(): Known {
    return this.#known;
  }

  /** Undefined until it is needed, when there is no file. */
  get base(): Base | undefined {
    return this.#base;
  }

  /** Kong lost its memory, and waits for what it held. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The base is a file, and not what Kong itself gave. */
  get isFile(): boolean {
    return this.#base !== undefined && this.#base.origin !== EXPORT;
  }

  /** The base is a file that Kong may not take. */
  get isUnproven(): boolean {
    return this.isFile && !this.#isProven;
  }

  /** Upstreams of ours that stand in for the user's. */
  get adopted(): ReadonlySet<string> {
    return this.#adopted;
  }

  /** The file that our objects are put into, from the next load on. */
  useFile(base: Base): void {
    this.#base = base;
    this.#isProven = false;
    this.#known = overlay(this.#known, base, this.#adopted, this.#tag);
  }

  /** Kong does not take the file: what Kong holds besides ours is the base. */
  refuseFile(problem: string): void {
    this.#tell({ kind: 'file-refused', path: this.#base?.origin ?? '', problem });
    this.#base = undefined;
    this.#hash = undefined;
  }

  /** Looks whether Kong still holds what is known. */
  async look(signal: AbortSignal): Promise<void> {
    const hash = await readHash(this.#client, signal);
    if (hash === this.#hash) {
      this.#isLost = false;
      return;
    }
    if (this.#hash === undefined) return;
    if (hash === EMPTY_HASH && this.#base !== undefined) {
      this.#isLost = true;
      return;
    }
    this.#hash = undefined;
    this.#isLost = false;
    this.#tell({ kind: 'changed-by-others' });
  }

  /** Sees that everything is known: all is read when another document was loaded. */
  async read(signal: AbortSignal): Promise<void> {
    await this.look(signal);
    if (this.#hash === undefined) await this.#readAll(signal);
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    for (let tries = 0; tries < READ_TRIES; tries += 1) {
      const hash = await readHash(this.#client, signal);
      const upstreams = await readUpstreams(this.#client, signal);
      if ((await readHash(this.#client, signal)) !== hash) continue;
      const known = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
      this.#adopted = new Set();
      this.#hash = hash;
      if (!this.isFile) this.#base = undefined;
      this.#known = this.#base === undefined ? known : overlay(known, this.#base, this.#adopted, this.#tag);
      return;
    }
    throw new KongChangedError('its whole configuration was loaded again and again while it was read');
  }

  /** What is known, with a base to put it into: what Kong itself gives, when there is no file. */
  async draft(signal: AbortSignal): Promise<Draft> {
    if (this.#hash === undefined) await this.#readAll(signal);
    if (this.#base !== undefined) return { base: this.#base, known: this.#known };
    const hash = this.#hash;
    const { base } = partDocument(await exportConfig(this.#client, signal), EXPORT, this.#tag);
    if ((await readHash(this.#client, signal)) !== hash)
      throw new KongChangedError('another configuration was loaded while it was exported');
    this.#base = base;
    return { base, known: this.#known };
  }

  /** The text for a draft. */
  textOf({ base, known }: Draft): string {
    return mergeDocument(base, oursOf(known, this.#tag), this.#tag);
  }

  /** Whether Kong holds the text of what is known; false while it has to be read first. */
  holds(text: string): boolean {
    return !this.#isLost && isHashOf(text, this.#hash);
  }

  /**
   * Has Kong load a draft, and sees that it holds it.
   * @throws RefusedError, KongChangedError when another document came between, or what the client throws
   */
  async load(draft: Draft, { upstreams, isOvertaken }: LoadReason, signal: AbortSignal): Promise<void> {
    const text = this.textOf(draft);
    const startMs = performance.now();
    const refusal: Refusal | undefined = await loadConfig(this.#client, { text, isOvertaken }, signal);
    if (refusal !== undefined) throw new RefusedError(refusal);
    const hash = await this.#verify(text, signal);
    const wasLost = this.#isLost;
    this.#take(draft, hash);
    const bytes = Buffer.byteLength(text);
    this.#tell({ kind: 'loaded', bytes, ms: Math.round(performance.now() - startMs), upstreams });
    if (wasLost) this.#tell({ kind: 'refilled', bytes });
  }

  /** Kong tells the hash of what all of its workers are to use. */
  async #verify(text: string, signal: AbortSignal): Promise<string> {
    for (let tries = 0; tries < HASH_TRIES; tries += 1) {
      const hash = await readHash(this.#client, signal);
      if (isHashOf(text, hash)) return hash;
      await sleep(HASH_PAUSE_MS, signal);
    }
    await this.look(signal);
    throw new KongChangedError('Kong holds another configuration than the one it has just taken');
  }

  #take({ base, known }: Draft, hash: string): void {
    this.#base = base;
    this.#hash = hash;
    this.#isProven = true;
    this.#isLost = false;
    // Where ours went, the user's of the same name comes to light again.
    this.#known = new Map([...base.upstreams, ...[...known].filter(([, upstream]) => upstream !== undefined)]);
    const isAdopted = (name: string) => {
      const upstream = this.#known.get(name);
      return upstream !== undefined && isOwned(upstream, this.#tag) && base.upstreams.has(name);
    };
    this.#adopted = new Set([...this.#known.keys()].filter(isAdopted));
  }
}
