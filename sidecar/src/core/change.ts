import type { Json, JsonObject } from './binding.ts';

/** One field of an upstream that is not as it should be; `path` is dotted. */
export interface FieldDifference {
  readonly path: string;
  readonly from: Json;
  readonly to: Json;
}

/** One difference between what Kong should hold and what it holds. */
export type Change =
  | { readonly kind: 'create-upstream'; readonly upstream: string; readonly staged: boolean; readonly body: JsonObject }
  | {
      readonly kind: 'update-upstream';
      readonly upstream: string;
      readonly fields: readonly FieldDifference[];
      readonly patch: JsonObject;
    }
  | {
      readonly kind: 'add-target';
      readonly upstream: string;
      readonly target: string;
      readonly weight: number;
      readonly reason: string;
    }
  | {
      readonly kind: 'set-weight';
      readonly upstream: string;
      readonly target: string;
      readonly from: number;
      readonly to: number;
      readonly reason: string;
    }
  | {
      readonly kind: 'adopt-target';
      readonly upstream: string;
      readonly target: string;
      readonly weight: number;
      readonly tags: readonly string[];
    }
  | { readonly kind: 'publish-upstream'; readonly upstream: string; readonly stagingName: string }
  | { readonly kind: 'remove-target'; readonly upstream: string; readonly target: string; readonly reason: string }
  | { readonly kind: 'delete-upstream'; readonly upstream: string; readonly at: string; readonly reason: string };

export type ChangeKind = Change['kind'];

/** The ordered list of changes for one upstream. */
export interface Plan {
  readonly upstream: string;
  readonly changes: readonly Change[];
  /** What was seen and deliberately left alone, for people: foreign targets, settings of a foreign upstream. */
  readonly notes: readonly string[];
}

/** How the note on an upstream begins that is not in Kong, for no instance could get its traffic. */
export const NOT_CREATED = 'not created';

/** How the note on an upstream begins that somebody else made. */
export const FOREIGN_UPSTREAM = 'foreign upstream';
