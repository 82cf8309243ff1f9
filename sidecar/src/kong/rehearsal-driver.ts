import { applyChange } from '../core/apply-changes.ts';
import type { Change } from '../core/change.ts';
import type { Release } from '../core/release.ts';
import type { ApplyCompany, KongDriver, UpstreamState } from './driver.ts';

/** Reads a real Kong and writes only to memory: what the line would make of it, guard and all, can be seen there. */
export class RehearsalDriver implements KongDriver {
  readonly release: Release | undefined;
  readonly #real: KongDriver;
  readonly #tag: string;
  readonly #states = new Map<string, UpstreamState>();

  constructor(real: KongDriver, tag: string) {
    this.#real = real;
    this.#tag = tag;
    this.release = real.release;
  }

  /** By bound name: what Kong holds, with what was written. */
  get states(): ReadonlyMap<string, UpstreamState> {
    return this.#states;
  }

  async readStates(names: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlyMap<string, UpstreamState>> {
    const read = await this.#real.readStates(names, signal);
    for (const [name, state] of read) if (!this.#states.has(name)) this.#states.set(name, state);
    return new Map([...read.keys()].map((name) => [name, this.#states.get(name) ?? NOTHING]));
  }

  async readState(name: string, signal: AbortSignal): Promise<UpstreamState> {
    const state = this.#states.get(name) ?? (await this.#real.readState(name, signal));
    this.#states.set(name, state);
    return state;
  }

  readOwnedIds(signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    return this.#real.readOwnedIds(signal);
  }

  apply(
    changes: readonly Change[],
    state: UpstreamState,
    _signal: AbortSignal,
    company: ApplyCompany,
  ): Promise<UpstreamState> {
    let now = state;
    for (const change of changes) {
      now = applyChange(change, now, this.#tag);
      this.#states.set(change.upstream, now);
      company.onChange(change);
    }
    return Promise.resolve(now);
  }

  close(): void {
    this.#real.close();
  }
}

const NOTHING: UpstreamState = { current: undefined, staged: undefined };
