import type { JsonObject } from '../core/binding.ts';
import type { Change } from '../core/change.ts';
import type { Release } from '../core/release.ts';
import type { CurrentUpstream } from '../core/state.ts';

/** All that Kong holds for one bound upstream. */
export interface UpstreamState {
  readonly current: CurrentUpstream | undefined;
  readonly staged: CurrentUpstream | undefined;
}

/** How plans reach a Kong: through entities when it has a database, through one whole document when it has none. */
export interface KongDriver {
  /** The oldest Kong that this writes to: settings that came later are not sent. Undefined when it is not known. */
  readonly release: Release | undefined;

  /**
   * All owned upstreams, and those of the names given, each with all targets.
   * @throws when any part could not be read: the answer is whole or none
   */
  readStates(names: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlyMap<string, UpstreamState>>;

  /** One upstream, by its bound name. */
  readState(name: string, signal: AbortSignal): Promise<UpstreamState>;

  /** Ids of all objects with our tag: a cheap way to see that something of ours is gone. Undefined: cannot be asked. */
  readOwnedIds(signal: AbortSignal): Promise<ReadonlySet<string> | undefined>;

  /**
   * Writes the changes in their order and returns what Kong holds then, from its answers.
   * @throws KongChangedError when Kong holds something else than `state`, OvertakenError when the company says so: read it
   * again and plan anew
   */
  apply(
    changes: readonly Change[],
    state: UpstreamState,
    signal: AbortSignal,
    company: ApplyCompany,
  ): Promise<UpstreamState>;

  /** Only of a Kong without a database. */
  readonly document?: WholeDocument;

  close(): void;
}

/** Who goes along with a plan while it is written. */
export interface ApplyCompany {
  /** Told of each change once Kong has taken it. */
  readonly onChange: (change: Change) => void;
  /**
   * Asked right before each try to take something away, for it may have waited: for its turn, or for Kong to come back.
   * True when it must not happen any more; the plan ends with OvertakenError then.
   */
  readonly isOvertaken: (change: Change) => boolean;
}

/** The one document of a Kong without a database, as far as it is more than upstreams. */
export interface WholeDocument {
  /** Whether the user's declarative file, with our objects in it, is another than what Kong holds. */
  differs(signal: AbortSignal): Promise<boolean>;

  /** The user's declarative file as data; undefined when what Kong holds is all there is. */
  data(): Promise<JsonObject | undefined>;

  /** Has Kong load the file with our objects. @throws when the file is broken, or Kong refuses it */
  load(signal: AbortSignal): Promise<void>;

  /**
   * Takes over changes of the file, and fills a Kong that lost its memory; runs until the signal is aborted. Only of
   * what can be followed.
   */
  follow?(hooks: DocumentHooks, signal: AbortSignal): Promise<void>;
}

export interface DocumentHooks {
  readonly mayWrite: () => boolean;
  /** Kong holds something else than it was seen to hold, and not by us: everything is to be looked at again. */
  readonly onChanged: () => Promise<void>;
}
