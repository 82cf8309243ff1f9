import { KongStatusError } from '../kong/errors.ts';
import type { LostWrite } from '../kong/lost-write.ts';
import { Gate } from '../net/gate.ts';
import { messageOf } from '../net/message-of.ts';
import { backoffMs, sleep } from '../net/sleep.ts';
import type { BindingReading, BindingSources } from './binding-sources.ts';
import { Doubts } from './doubts.ts';
import { FirstSync } from './first-sync.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { Leadership, Role } from './leadership.ts';
import { findMissing, type OwnedCheck } from './missing.ts';
import { type PassContext, pass } from './pass.ts';
import { errorReport } from './report-of.ts';
import { differences, readKong } from './resync.ts';
import { type RoundListener, Rounds } from './rounds.ts';
import type { QueryPool } from './shared-queries.ts';

export interface FollowerOptions {
  readonly context: Omit<PassContext, 'allAnswered' | 'role' | 'doubt'>;
  /** Works everything out, writes nothing. */
  readonly dryRun: boolean;
  readonly leadership: Leadership;
  readonly pool: QueryPool;
  readonly sources: BindingSources;
  readonly kongAnswers: (signal: AbortSignal) => Promise<boolean>;
  /** Resolves when a connection to Kong was closed: it may have been restarted, and have lost what it held. */
  readonly kongDisconnected: (signal: AbortSignal) => Promise<void>;
  readonly coalesceMs: number;
  readonly pollMs: number;
  readonly resyncMs: number;
  readonly ownerCheckMs: number;
  readonly startupHoldMs: number;
  /** Told after every look at all of Kong, with what went wrong if something did. */
  readonly onSync: RoundListener;
}

const KONG_PROBE_MS = 500;
const RETRY_CAP_MS = 2_000;
const DISCONNECT_GAP_MS = 1_000;

/** Follows Consul and the bindings for as long as the program runs: decides when a pass over an upstream is due. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #context: PassContext;
  readonly #signal: AbortSignal;
  readonly #queue: KeyedQueue;
  readonly #kongGate: Gate;
  readonly #rounds: Rounds;
  readonly #first: FirstSync;
  #reading: BindingReading | undefined;
  readonly #attempts = new Map<string, number>();
  /** To be read before they are looked at again. */
  readonly #unsure = new Set<string>();
  readonly #doubts = new Doubts();
  #statesRead = false;
  /** The term before which all of Kong was not read yet: what was known then may be older than another's writes. */
  #readInTerm: number | undefined;

  constructor(options: FollowerOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#first = new FirstSync(options.startupHoldMs);
    this.#context = {
      ...options.context,
      allAnswered: () => this.#first.mayRemove,
      role: () => this.#role(),
      doubt: (upstream) => this.#doubts.of(upstream),
    };
    this.#queue = new KeyedQueue((upstream) => this.#look(upstream), options.coalesceMs, signal);
    this.#rounds = new Rounds(options.onSync, signal);
    this.#kongGate = new Gate(options.kongAnswers, KONG_PROBE_MS, signal);
  }

  /** Bindings and Kong's state were read, and the first sync is done. */
  get isReady(): boolean {
    return this.#reading !== undefined && this.#statesRead && this.#first.isDone;
  }

  /** Runs until the signal is aborted; the upstreams being worked on are finished or cut short by it. */
  async run(): Promise<void> {
    await this.#rounds.untilDone('bindings', () => this.#readBindings());
    await this.#rounds.untilDone('resync', () => this.#resync());
    await Promise.allSettled([
      this.#endStartupHold(),
      this.#rounds.every(this.#options.pollMs, 'bindings', () => this.#readBindings()),
      this.#rounds.every(this.#options.resyncMs, 'resync', () => this.#resync()),
      this.#rounds.every(this.#options.ownerCheckMs, 'owner_check', () => this.#checkOwned()),
      this.#lookAfterDisconnects(),
      this.#followDocument(),
    ]);
    await this.#queue.idle();
  }

  /** A service has other instances: look at the upstreams it feeds. */
  serviceChanged(key: string): void {
    this.#first.answered(key);
    this.#noteAnswers();
    for (const upstream of this.#context.store.fedBy(key)) this.#add(upstream);
  }

  /** A write to this upstream got no answer. */
  writeLost(lost: LostWrite): void {
    this.#doubts.note(lost);
  }

  /** Reads the bindings again at once, because the config file changed. */
  async rereadBindings(): Promise<void> {
    await this.#rounds.once('bindings', () => this.#readBindings());
  }

  /** This sidecar leads from now on: reads all of Kong, then writes. */
  async takeOver(): Promise<void> {
    if (this.#reading === undefined) return;
    const { store } = this.#context;
    for (const name of store.names()) store.dropState(name);
    await this.#rounds.untilDone('resync', () => this.#resync());
  }

  #role(): Role {
    if (this.#options.dryRun) return 'observer';
    const term = this.#options.leadership.term();
    return term !== undefined && term === this.#readInTerm ? 'writer' : 'standby';
  }

  #add(upstream: string): void {
    if (this.#statesRead) this.#queue.add(upstream);
  }

  #noteAnswers(): void {
    const { store } = this.#context;
    if (this.#reading === undefined || !this.#first.begin(() => store.names())) return;
    for (const upstream of store.names()) this.#add(upstream);
  }

  async #endStartupHold(): Promise<void> {
    await sleep(this.#options.startupHoldMs, this.#signal);
    this.#noteAnswers();
  }

  async #look(upstream: string): Promise<void> {
    if (this.#unsure.delete(upstream) || this.#doubts.of(upstream) !== undefined)
      this.#context.store.dropState(upstream);
    try {
      const { mayRemove } = this.#first;
      const { againAfterMs } = await pass(upstream, this.#context, this.#signal);
      if (mayRemove) this.#first.saw(upstream);
      this.#attempts.delete(upstream);
      if (!this.#context.store.isKnown(upstream)) this.#queue.forget(upstream);
      for (const ms of [againAfterMs, this.#doubts.nextLookMs(upstream)])
        if (ms !== undefined) this.#queue.add(upstream, Math.max(1, ms));
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#fail(upstream, error);
    }
  }

  #fail(upstream: string, error: unknown): void {
    const { store } = this.#context;
    const problem = messageOf(error);
    store.setReport(errorReport(upstream, store.report(upstream), problem));
    if (!isPassing(error)) {
      this.#first.saw(upstream);
      return;
    }
    const attempt = (this.#attempts.get(upstream) ?? 0) + 1;
    this.#attempts.set(upstream, attempt);
    this.#kongGate.pass().then(
      () => {
        this.#doubts.renew(upstream);
        this.#queue.add(upstream, 1 + backoffMs(attempt, 50, RETRY_CAP_MS));
      },
      () => {},
    );
  }

  async #readBindings(): Promise<void> {
    const { store } = this.#context;
    const reading = await this.#options.sources.read(this.#signal);
    if (reading === this.#reading) return;
    this.#reading = reading;
    const changed = store.setResolution(reading.resolution, reading.hostsInUse);
    const { pool } = this.#options;
    pool.setQueries(reading.resolution.bindings.map((binding) => binding.query));
    this.#first.awaits(store.queryKeys().filter((key) => pool.state(key)?.snapshot === undefined));
    this.#noteAnswers();
    for (const upstream of changed) this.#add(upstream);
  }

  /** Compares everything with a full read, which finds what others changed. */
  async #resync(): Promise<void> {
    const term = this.#options.leadership.term();
    const isRunning = (upstream: string) => this.#queue.isRunning(upstream);
    const findings = await readKong(this.#context, isRunning, this.#signal);
    this.#statesRead = true;
    this.#readInTerm = term;
    for await (const upstream of differences(findings, this.#context, this.#signal)) this.#add(upstream);
  }

  /** Whether all that is ours is still there, by one cheap list. */
  async #checkOwned(): Promise<void> {
    this.#readAgain((await this.#findMissing()).missing);
  }

  #findMissing(): Promise<OwnedCheck> {
    return findMissing(this.#context, (upstream) => this.#queue.isRunning(upstream), this.#signal);
  }

  /** Idle connections are closed now and then, so this is cheap, and rationed. */
  async #lookAfterDisconnects(): Promise<void> {
    for (;;) {
      await this.#options.kongDisconnected(this.#signal);
      await this.#kongGate.pass();
      await this.#rounds.once('owner_check', async () => {
        const { missing, unsure } = await this.#findMissing();
        this.#readAgain([...missing, ...unsure]);
      });
      await this.#rounds.once('bindings', () => this.#readBindings());
      await sleep(DISCONNECT_GAP_MS, this.#signal);
    }
  }

  /** What was known of them is not used any more, not by a pass that runs now either. */
  #readAgain(upstreams: readonly string[]): void {
    for (const upstream of upstreams) {
      this.#unsure.add(upstream);
      this.#add(upstream);
    }
  }

  /** A Kong without a database holds one document, which others may load too. */
  async #followDocument(): Promise<void> {
    const mayWrite = () => this.#role() === 'writer';
    const onChanged = async () => {
      await this.#rounds.once('bindings', () => this.#readBindings());
      await this.#rounds.once('resync', () => this.#resync());
    };
    await this.#context.driver.document?.follow?.({ mayWrite, onChanged }, this.#signal);
  }
}

/** Refusals are for people to mend; all else is tried again. */
function isPassing(error: unknown): boolean {
  return !(error instanceof KongStatusError) || error.isPassing;
}
