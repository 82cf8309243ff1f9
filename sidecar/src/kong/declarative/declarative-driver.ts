import type { JsonObject } from '../../core/binding.ts';
import type { Change } from '../../core/change.ts';
import { ownerTag } from '../../core/ownership.ts';
import type { Release } from '../../core/release.ts';
import { Mutex } from '../../net/mutex.ts';
import { sleep } from '../../net/sleep.ts';
import type { KongClient } from '../client.ts';
import type { ApplyCompany, DocumentHooks, KongDriver, UpstreamState, WholeDocument } from '../driver.ts';
import { KongStatusError } from '../errors.ts';
import type { Base } from './base.ts';
import type { BaseFile } from './base-file.ts';
import { DeclarativeFileError } from './errors.ts';
import { foldChanges } from './fold.ts';
import { knownOf, stateOf, statesOf } from './known.ts';
import { KongDocument } from './kong-document.ts';
import type { DeclarativeNews, NewsListener } from './news.ts';
import { PushQueue, type Verdict } from './push-queue.ts';
import { type DocumentEdit, settleEdits } from './settle.ts';

export interface DeclarativeOptions {
  readonly client: KongClient;
  readonly owner: string;
  readonly release: Release | undefined;
  /** The user's own declarative file; undefined: what Kong itself holds besides ours. */
  readonly file: BaseFile | undefined;
  /** Shortest time between the starts of two loads. */
  readonly debounceMs: number;
  /** A broken file is said, and what Kong itself holds is the base; else it is thrown. */
  readonly toleratesBrokenFile: boolean;
  /** How often it is looked whether Kong still holds what was loaded. */
  readonly lookMs: number;
  readonly onNews: NewsListener;
}

interface Push {
  readonly edit: DocumentEdit;
  readonly signal: AbortSignal;
}

/** Writes whole documents to a Kong without a database. */
export class DeclarativeDriver implements KongDriver, WholeDocument {
  readonly release: Release | undefined;
  readonly #options: DeclarativeOptions;
  readonly #tag: string;
  readonly #document: KongDocument;
  readonly #lock = new Mutex();
  readonly #queue: PushQueue<Push>;
  #isFileRead = false;
  /** Kong was seen to hold the file with our objects. */
  #isSettled = false;
  #isNews = false;
  /** A changed file that Kong was not given yet. */
  #wanted: Base | undefined;

  constructor(options: DeclarativeOptions) {
    this.#options = options;
    this.release = options.release;
    this.#tag = ownerTag(options.owner);
    this.#document = new KongDocument(options.client, this.#tag, (news) => this.#tell(news));
    this.#queue = new PushQueue((batch) => this.#push(batch), options.debounceMs);
  }

  get document(): WholeDocument {
    return this;
  }

  readStates(names: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlyMap<string, UpstreamState>> {
    return this.#lock.run(async () => {
      await this.#readFile();
      await this.#document.read(signal);
      return statesOf(this.#document.known, names, this.#tag);
    });
  }

  readState(name: string, signal: AbortSignal): Promise<UpstreamState> {
    return this.#lock.run(async () => {
      await this.#readFile();
      await this.#document.read(signal);
      return stateOf(this.#document.known, name);
    });
  }

  /** `follow` looks for itself, and more often: from here nothing is ever missing. */
  readOwnedIds(): Promise<ReadonlySet<string>> {
    const upstreams = [...this.#document.known.values()].filter((upstream) => upstream !== undefined);
    return Promise.resolve(
      new Set(upstreams.flatMap((upstream) => [upstream, ...upstream.targets].map(({ id }) => id))),
    );
  }

  async apply(
    changes: readonly Change[],
    state: UpstreamState,
    signal: AbortSignal,
    company: ApplyCompany,
  ): Promise<UpstreamState> {
    const [first] = changes;
    if (first === undefined) return state;
    const next = foldChanges(state, changes, this.#tag);
    const edit = {
      kind: 'upstream',
      upstream: first.upstream,
      before: knownOf(first.upstream, state),
      after: knownOf(first.upstream, next),
      isOvertaken: () => changes.some((change) => company.isOvertaken(change)),
    } as const;
    await this.#queue.add({ edit, signal });
    for (const change of changes) company.onChange(change);
    return next;
  }

  close(): void {
    this.#options.client.close();
  }

  /** Whether the declarative file, with our objects, is another than what Kong holds. */
  differs(signal: AbortSignal): Promise<boolean> {
    if (this.#options.file === undefined) return Promise.resolve(false);
    return this.#lock.run(async () => {
      await this.#readFile();
      return !this.#document.isFile || !this.#document.holds(this.#document.textOf(await this.#document.draft(signal)));
    });
  }

  /** The user's file as data; undefined when there is none, or Kong refuses it. */
  data(): Promise<JsonObject | undefined> {
    return this.#lock.run(async () => {
      await this.#readFile();
      return this.#document.isFile ? this.#document.base?.data : undefined;
    });
  }

  /** Has Kong load the file as it is. @throws DeclarativeFileError, KongStatusError when Kong refuses it */
  async load(signal: AbortSignal): Promise<void> {
    const { file } = this.#options;
    if (file !== undefined) await this.#queue.add({ edit: { kind: 'base', base: await file.read() }, signal });
  }

  /** Looks after the file and after a Kong that forgets, for as long as the program runs. */
  async follow(hooks: DocumentHooks, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#tick(hooks, signal);
      } catch {
        // Kong is out of reach, or another leads now: the next look tells.
        signal.throwIfAborted();
      }
      await sleep(this.#options.lookMs, signal);
    }
  }

  async #tick(hooks: DocumentHooks, signal: AbortSignal): Promise<void> {
    const { file } = this.#options;
    if (this.#isFileRead && file !== undefined && (await file.hasChanged())) await this.#rereadFile(file);
    await this.#lock.run(() => this.#document.look(signal));
    if (hooks.mayWrite()) await this.#bringUpToDate(signal);
    if (!this.#isNews) return;
    this.#isNews = false;
    await hooks.onChanged();
  }

  /** Kong is to hold what it lost, and the file also when nothing of ours changes. */
  async #bringUpToDate(signal: AbortSignal): Promise<void> {
    if (this.#wanted !== undefined) {
      const base = this.#wanted;
      this.#isNews = (await this.#isTaken(base, signal)) || this.#isNews;
      if (this.#wanted === base) this.#wanted = undefined;
    }
    const { base, isFile, isLost } = this.#document;
    if (base === undefined) return;
    if (isLost) await this.#queue.add({ edit: { kind: 'base', base }, signal });
    if (this.#isSettled || !isFile) return;
    if (await this.differs(signal)) await this.#isTaken(base, signal);
    this.#isSettled = true;
  }

  /** A file that Kong refuses is said once; the last good base stays. */
  async #isTaken(base: Base, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#queue.add({ edit: { kind: 'base', base }, signal });
      return true;
    } catch (error) {
      if (!(error instanceof KongStatusError) || error.isPassing) throw error;
      this.#tell({ kind: 'file-refused', path: base.origin, problem: error.kongMessage });
      return false;
    }
  }

  async #rereadFile(file: BaseFile): Promise<void> {
    try {
      this.#wanted = await file.read();
      this.#tell({ kind: 'file-read', path: file.path });
    } catch (error) {
      if (!(error instanceof DeclarativeFileError)) throw error;
      this.#tell({ kind: 'file-broken', path: file.path, problems: error.problems });
    }
  }

  async #readFile(): Promise<void> {
    const { file, toleratesBrokenFile } = this.#options;
    if (file === undefined || this.#isFileRead) return;
    try {
      this.#document.useFile(await file.read());
    } catch (error) {
      if (!toleratesBrokenFile || !(error instanceof DeclarativeFileError)) throw error;
      this.#tell({ kind: 'file-broken', path: file.path, problems: error.problems });
    }
    this.#isFileRead = true;
  }

  #push(batch: readonly Push[]): Promise<ReadonlyMap<Push, Verdict>> {
    return this.#lock.run(async () => {
      const [first] = batch;
      if (first === undefined) return new Map();
      await this.#readFile();
      await this.#document.read(first.signal);
      const verdicts = await settleEdits(
        this.#document,
        batch.map(({ edit }) => edit),
        this.#tag,
        first.signal,
      );
      return new Map(batch.map((push) => [push, verdicts.get(push.edit)]));
    });
  }

  #tell(news: DeclarativeNews): void {
    if (news.kind === 'changed-by-others') {
      this.#isNews = true;
      this.#isSettled = false;
    }
    this.#options.onNews(news);
  }
}
