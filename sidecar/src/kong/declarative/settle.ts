import type { CurrentUpstream } from '../../core/state.ts';
import { KongChangedError, KongStatusError, OvertakenError } from '../errors.ts';
import { adoptionProblem } from './adoption.ts';
import type { Base } from './base.ts';
import { overlay } from './known.ts';
import type { Draft, KongDocument } from './kong-document.ts';
import { entitiesWords } from './locate-entity.ts';
import type { Verdict } from './push-queue.ts';
import { type Blame, blameFor, type Refusal, RefusedError } from './refusal.ts';

/** One thing to be different in what Kong holds. */
export type DocumentEdit =
  | {
      readonly kind: 'upstream';
      readonly upstream: string;
      /** By their names in Kong. What it was worked out from, and what there is to be. */
      readonly before: ReadonlyMap<string, CurrentUpstream | undefined>;
      readonly after: ReadonlyMap<string, CurrentUpstream | undefined>;
      /** It takes something away that may not go any more. */
      readonly isOvertaken: () => boolean;
    }
  /** Another base, or the same one again. */
  | { readonly kind: 'base'; readonly base: Base };

/**
 * Loads all edits together, and when Kong refuses that, all but those it complains about: one upstream's mistake never
 * holds up another. Where Kong does not say what it complains about (before 3.2), halves are tried.
 * @throws what stops them all
 */
export async function settleEdits(
  document: KongDocument,
  edits: readonly DocumentEdit[],
  tag: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<DocumentEdit, Verdict>> {
  const verdicts = new Map<DocumentEdit, Verdict>();
  let left: readonly DocumentEdit[] = edits.filter((edit) => {
    const problem = problemOf(edit, document, tag);
    if (problem !== undefined) verdicts.set(edit, problem);
    return problem === undefined;
  });
  while (left.length > 0) {
    const draft = applied(document, await document.draft(signal), left, tag);
    try {
      const isOvertaken = () => left.some((edit) => edit.kind === 'upstream' && edit.isOvertaken());
      await document.load(draft, { upstreams: namesOf(left), isOvertaken }, signal);
      for (const edit of left) verdicts.set(edit, undefined);
      break;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const blame = blameOf(error.refusal, draft, tag);
      const blamed = left.filter((edit) => isBlamed(edit, blame));
      if (blamed.length === 0 && document.isUnproven && !left.some(({ kind }) => kind === 'base')) {
        if (await isFileTaken(document, tag, signal)) continue;
        for (const edit of left) verdicts.set(edit, new KongChangedError('the file was refused'));
        break;
      }
      if (blamed.length === 0 && left.length > 1) {
        const [one, other] = halves(left);
        for (const half of [one, other])
          for (const [edit, verdict] of await settleEdits(document, half, tag, signal)) verdicts.set(edit, verdict);
        break;
      }
      const refused = blamed.length === 0 ? left : blamed;
      for (const edit of refused) verdicts.set(edit, refusalError(error.refusal, blame, edit, draft.base));
      left = left.filter((edit) => !refused.includes(edit));
    }
  }
  return verdicts;
}

/** Whether Kong takes the file with what it holds of ours. If not, the file is given up until it changes. */
async function isFileTaken(document: KongDocument, tag: string, signal: AbortSignal): Promise<boolean> {
  const draft = await document.draft(signal);
  try {
    await document.load(draft, { upstreams: [], isOvertaken: () => false }, signal);
    return true;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const words = entitiesWords(blameOf(error.refusal, draft, tag).theirs, draft.base);
    document.refuseFile(words || error.refusal.message);
    return false;
  }
}

/** Why an edit cannot even be tried. */
function problemOf(edit: DocumentEdit, document: KongDocument, tag: string): Error | undefined {
  if (edit.kind === 'base') return undefined;
  if (edit.isOvertaken()) return new OvertakenError(`upstream ${edit.upstream}`);
  const isTimely = [...edit.before].every(([name, upstream]) => document.known.get(name) === upstream);
  if (!isTimely) return new KongChangedError('another configuration was loaded meanwhile');
  const after = edit.after.get(edit.upstream);
  if (document.base === undefined || after === undefined) return undefined;
  const words = adoptionProblem(document.base, after, tag);
  return words === undefined ? undefined : new KongStatusError('POST /config', 400, words, undefined);
}

function applied(document: KongDocument, draft: Draft, edits: readonly DocumentEdit[], tag: string): Draft {
  const known = new Map(draft.known);
  let { base } = draft;
  const adopted = new Set<string>();
  for (const edit of edits) {
    if (edit.kind === 'base') base = edit.base;
    else
      for (const [name, upstream] of edit.after) {
        known.set(name, upstream);
        if (draft.base.upstreams.has(name)) adopted.add(name);
      }
  }
  return base === draft.base
    ? { base, known }
    : { base, known: overlay(known, base, new Set([...document.adopted, ...adopted]), tag) };
}

function blameOf(refusal: Refusal, { known }: Draft, tag: string): Blame {
  return blameFor(
    refusal,
    [...known.values()].filter((upstream) => upstream !== undefined),
    tag,
  );
}

/** A new base answers for the user's entities. */
function isBlamed(edit: DocumentEdit, { upstreams, theirs }: Blame): boolean {
  return edit.kind === 'base' ? theirs.length > 0 : upstreams.has(edit.upstream);
}

function refusalError({ message }: Refusal, blame: Blame, edit: DocumentEdit, base: Base): KongStatusError {
  const ours = edit.kind === 'upstream' ? entitiesWords(blame.ours, undefined) : '';
  const theirs = entitiesWords(blame.theirs, base);
  const isTheirs = edit.kind === 'upstream' && ours === '' && theirs !== '';
  const words = ours || theirs || message;
  return new KongStatusError(
    'POST /config',
    400,
    isTheirs ? `an entity of ${base.origin} is wrong: ${words}` : words,
    undefined,
  );
}

function halves<T>(list: readonly T[]): readonly [readonly T[], readonly T[]] {
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}

function namesOf(edits: readonly DocumentEdit[]): readonly string[] {
  return edits.flatMap((edit) => (edit.kind === 'upstream' ? [edit.upstream] : [])).sort();
}
