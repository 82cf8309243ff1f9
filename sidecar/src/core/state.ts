import type { JsonObject } from './binding.ts';

/** A target as Kong stores it. */
export interface CurrentTarget {
  /** Canonical `host:port`. */
  readonly target: string;
  readonly weight: number;
  readonly tags: readonly string[];
  readonly id: string;
}

/** An upstream as Kong stores it, with all of its targets, foreign ones too. */
export interface CurrentUpstream {
  /** The name in Kong: the bound name, or its staging name while it is being filled. */
  readonly name: string;
  readonly id: string;
  readonly tags: readonly string[];
  /** Kong's object as it came, without its targets. */
  readonly settings: JsonObject;
  readonly targets: readonly CurrentTarget[];
}

/** A target that should be, and why. */
export interface DesiredTarget {
  readonly target: string;
  readonly weight: number;
  /** One sentence for the log and for `explain`. */
  readonly reason: string;
}

/** What Kong should hold for one bound upstream. */
export interface DesiredUpstream {
  readonly name: string;
  readonly settings: JsonObject;
  readonly adopt: boolean;
  /** Sorted by target. */
  readonly targets: readonly DesiredTarget[];
  /** Why an address of a registered instance is no target, for the log of its removal. */
  readonly excluded: ReadonlyMap<string, string>;
}
