import type { JsonObject } from '../../core/binding.ts';
import type { Change } from '../../core/change.ts';
import { isOwned } from '../../core/ownership.ts';
import type { Release } from '../../core/release.ts';
import type { CurrentUpstream } from '../../core/state.ts';
import type { ApplyCompany, KongDriver, UpstreamState, WholeDocument } from '../driver.ts';
import { adoptionProblem } from './adoption.ts';
import { type Base, mergeDocument } from './base.ts';
import { DeclarativeFileError } from './errors.ts';
import { foldChanges } from './fold.ts';
import { upstreamItem } from './item.ts';
import { knownOf, oursOf, overlay, stateOf, statesOf } from './known.ts';

export interface TextDriverOptions {
  /** What ours is put into. */
  readonly base: Base;
  /** What is ours by now: what the plans are compared with. */
  readonly held: ReadonlyMap<string, CurrentUpstream>;
  /** The text that the new one takes the place of. */
  readonly before: string | undefined;
  readonly tag: string;
  /** Of the Kong that is to read it, if it is known. */
  readonly release: Release | undefined;
}

/** Writes to a text, with no Kong at all: a base with what is ours in it. Who made it puts the text where it belongs. */
export class TextDriver implements KongDriver, WholeDocument {
  readonly release: Release | undefined;
  readonly #options: TextDriverOptions;
  readonly #known: Map<string, CurrentUpstream | undefined>;

  constructor(options: TextDriverOptions) {
    const { base, held, tag } = options;
    this.#options = options;
    this.release = options.release;
    // Nothing counts as adopted yet: so the user's entity is taken over as he has it now, not as he once had it.
    this.#known = new Map(overlay(held, base, new Set(), tag));
  }

  get document(): WholeDocument {
    return this;
  }

  /** The same for the same base and objects, byte for byte. */
  get text(): string {
    const { base, tag } = this.#options;
    return mergeDocument(base, oursOf(this.#known, tag), tag);
  }

  readStates(names: ReadonlySet<string>): Promise<ReadonlyMap<string, UpstreamState>> {
    return Promise.resolve(statesOf(this.#known, names, this.#options.tag));
  }

  readState(name: string): Promise<UpstreamState> {
    return Promise.resolve(stateOf(this.#known, name));
  }

  readOwnedIds(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** @throws DeclarativeFileError when an upstream of the base cannot be adopted */
  async apply(
    changes: readonly Change[],
    state: UpstreamState,
    _signal: AbortSignal,
    company: ApplyCompany,
  ): Promise<UpstreamState> {
    const [first] = changes;
    if (first === undefined) return state;
    const { base, tag } = this.#options;
    const next = foldChanges(state, changes, tag);
    const problem = next.current && adoptionProblem(base, next.current, tag);
    if (problem !== undefined) throw new DeclarativeFileError([problem]);
    for (const [name, upstream] of knownOf(first.upstream, next)) this.#known.set(name, upstream);
    if (!this.#wasAdopted(next.current)) for (const change of changes) company.onChange(change);
    return next;
  }

  /** Whether the text is another before anything of ours changes. */
  differs(): Promise<boolean> {
    return Promise.resolve(this.text !== this.#options.before);
  }

  data(): Promise<JsonObject> {
    return Promise.resolve(this.#options.base.data);
  }

  /** The text is there already. */
  load(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}

  /** An adoption that the text before had too is no change. */
  #wasAdopted(upstream: CurrentUpstream | undefined): boolean {
    const { held, tag } = this.#options;
    const before = upstream && held.get(upstream.name);
    if (upstream === undefined || before === undefined || !isOwned(before, tag)) return false;
    return JSON.stringify(upstreamItem(before)) === JSON.stringify(upstreamItem(upstream));
  }
}
