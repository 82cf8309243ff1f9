import { type Change, type ChangeKind, FOREIGN_UPSTREAM, NOT_CREATED, type Plan } from './change.ts';
import { compareText } from './order.ts';
import { isOwned, stagingName, withTag } from './ownership.ts';
import { diffSettings } from './settings.ts';
import type { CurrentTarget, CurrentUpstream, DesiredTarget, DesiredUpstream } from './state.ts';

/** What a plan is worked out from. */
export interface PlanInput {
  readonly desired: DesiredUpstream;
  /** What Kong holds under the bound name. */
  readonly current: CurrentUpstream | undefined;
  /** What an earlier run left under the staging name. */
  readonly staged: CurrentUpstream | undefined;
  /** The owner tag. */
  readonly tag: string;
  /** A Kong Service already sends its traffic to this host: fill the new upstream before it takes the host over. */
  readonly inUse: boolean;
}

/** Upstream first, then what adds capacity, then the hand-over, then what takes capacity away. */
const ORDER = {
  'create-upstream': 0,
  'update-upstream': 1,
  'adopt-target': 2,
  'add-target': 3,
  'set-weight': 4,
  'publish-upstream': 5,
  'remove-target': 7,
  'delete-upstream': 8,
} as const satisfies Record<ChangeKind, number>;
const WEIGHT_DROP = 6;

/** The least changes that make Kong hold what is desired, in the order in which they are safe. */
export function calculatePlan(input: PlanInput): Plan {
  const { desired, current, tag } = input;
  const staged = input.staged !== undefined && isOwned(input.staged, tag) ? input.staged : undefined;
  if (current === undefined && desired.targets.length === 0) {
    const notes = [
      `${NOT_CREATED}: no instance may get traffic yet, and an empty upstream would take the host from DNS`,
    ];
    return { upstream: desired.name, changes: deleteLeftover(desired.name, staged), notes };
  }
  const base = current ?? staged;
  const upstreamChanges = base === undefined ? [createUpstream(input)] : updateUpstream(desired, base, tag);
  const isFilledFirst = current === undefined && (staged !== undefined || input.inUse);
  const isForeign = base !== undefined && !isOwned(base, tag) && !desired.adopt;
  const targets = diffTargets(desired, base?.targets ?? [], tag);
  return {
    upstream: desired.name,
    changes: inOrder([
      ...upstreamChanges,
      ...targets.changes,
      ...(isFilledFirst ? [publishUpstream(desired.name)] : []),
      ...(current === undefined ? [] : deleteLeftover(desired.name, staged)),
    ]),
    notes: [...(isForeign ? [`${FOREIGN_UPSTREAM}: its settings are left alone`] : []), ...targets.notes],
  };
}

/**
 * Takes away what is ours of an upstream that nothing binds any more.
 *
 * | upstream                       | change                                                                          |
 * | ------------------------------ | ------------------------------------------------------------------------------- |
 * | ours                           | deleted whole, its targets never first: DNS takes over without a failed request |
 * | ours, with targets that are not | our targets and our tag go: deleting it would take the others along            |
 * | foreign                        | our targets go                                                                  |
 */
export function planDeletion(
  name: string,
  held: Pick<PlanInput, 'current' | 'staged'>,
  tag: string,
  reason: string,
): Plan {
  const { current, staged } = held;
  const changes = [
    ...(current === undefined ? [] : deleteCurrent(current, tag, reason)),
    // Made by us for a moment, under a name of ours.
    ...(staged === undefined || !isOwned(staged, tag) ? [] : [deleteUpstream(name, staged, reason)]),
  ];
  return { upstream: name, changes: inOrder(changes), notes: deletionNotes(current, tag) };
}

/** Total order over the changes of one upstream: same input, same plan, byte for byte. */
export function inOrder(changes: readonly Change[]): readonly Change[] {
  return [...changes].sort((a, b) => rank(a) - rank(b) || compareText(subject(a), subject(b)));
}

function deleteCurrent(current: CurrentUpstream, tag: string, reason: string): readonly Change[] {
  const upstream = current.name;
  const ours = current.targets.filter((target) => isOwned(target, tag));
  const isOurs = isOwned(current, tag);
  if (isOurs && ours.length === current.targets.length) return [deleteUpstream(upstream, current, reason)];
  return [
    ...ours.map(({ target }): Change => ({ kind: 'remove-target', upstream, target, reason })),
    ...(isOurs ? [removeTag(upstream, current.tags, tag)] : []),
  ];
}

function deleteUpstream(upstream: string, { name: at }: CurrentUpstream, reason: string): Change {
  return { kind: 'delete-upstream', upstream, at, reason };
}

function deletionNotes(current: CurrentUpstream | undefined, tag: string): readonly string[] {
  if (current === undefined) return [];
  if (!isOwned(current, tag)) return [`${FOREIGN_UPSTREAM}: only our targets go`];
  const foreign = current.targets.filter((target) => !isOwned(target, tag)).length;
  return foreign === 0 ? [] : [`${foreign} of its targets are not ours: the upstream stays for them, without our tag`];
}

function removeTag(upstream: string, from: readonly string[], tag: string): Change {
  const to = from.filter((other) => other !== tag);
  return { kind: 'update-upstream', upstream, fields: [{ path: 'tags', from, to }], patch: { tags: to } };
}

function publishUpstream(upstream: string): Change {
  return { kind: 'publish-upstream', upstream, stagingName: stagingName(upstream) };
}

function deleteLeftover(upstream: string, staged: CurrentUpstream | undefined): readonly Change[] {
  if (staged === undefined) return [];
  return [{ kind: 'delete-upstream', upstream, at: staged.name, reason: 'left over from an interrupted run' }];
}

function createUpstream({ desired, tag, inUse }: PlanInput): Change {
  const name = inUse ? stagingName(desired.name) : desired.name;
  const body = { name, tags: [tag], ...desired.settings };
  return { kind: 'create-upstream', upstream: desired.name, staged: inUse, body };
}

function updateUpstream(desired: DesiredUpstream, base: CurrentUpstream, tag: string): readonly Change[] {
  const owned = isOwned(base, tag);
  if (!owned && !desired.adopt) return [];
  const { fields, patch } = diffSettings(desired.settings, base.settings);
  const tags = withTag(base.tags, tag);
  const tagField = owned ? [] : [{ path: 'tags', from: base.tags, to: tags }];
  const all = [...tagField, ...fields];
  if (all.length === 0) return [];
  return [{ kind: 'update-upstream', upstream: desired.name, fields: all, patch: owned ? patch : { ...patch, tags } }];
}

interface TargetDifference {
  readonly changes: readonly Change[];
  readonly notes: readonly string[];
}

/**
 * | desired | in Kong          | change                                   |
 * | ------- | ---------------- | ---------------------------------------- |
 * | yes     | no               | add                                      |
 * | yes     | ours             | set the weight if it differs             |
 * | yes     | foreign          | none, said; adopted with `adopt: true`   |
 * | no      | ours             | remove                                   |
 * | no      | foreign          | none, said                               |
 */
function diffTargets(desired: DesiredUpstream, current: readonly CurrentTarget[], tag: string): TargetDifference {
  const upstream = desired.name;
  const held = new Map(current.map((target) => [target.target, target]));
  const wanted = new Set(desired.targets.map((target) => target.target));
  const changes: Change[] = [];
  const notes: string[] = [];

  for (const target of desired.targets) {
    const existing = held.get(target.target);
    if (existing === undefined) changes.push({ kind: 'add-target', upstream, ...target });
    else if (isOwned(existing, tag)) changes.push(...setWeight(upstream, target, existing));
    else if (desired.adopt) changes.push(adoptTarget(upstream, target, existing, tag));
    else notes.push(`foreign target ${target.target}: left alone`);
  }
  for (const target of current) {
    if (wanted.has(target.target)) continue;
    if (!isOwned(target, tag)) notes.push(`foreign target ${target.target}: left alone`);
    else
      changes.push({
        kind: 'remove-target',
        upstream,
        target: target.target,
        reason: desired.excluded.get(target.target) ?? 'no longer registered in Consul',
      });
  }
  return { changes, notes: notes.sort(compareText) };
}

function setWeight(
  upstream: string,
  { target, weight, reason }: DesiredTarget,
  existing: CurrentTarget,
): readonly Change[] {
  if (existing.weight === weight) return [];
  return [{ kind: 'set-weight', upstream, target, from: existing.weight, to: weight, reason }];
}

function adoptTarget(
  upstream: string,
  { target, weight }: DesiredTarget,
  existing: CurrentTarget,
  tag: string,
): Change {
  return { kind: 'adopt-target', upstream, target, weight, tags: withTag(existing.tags, tag) };
}

function rank(change: Change): number {
  if (change.kind === 'set-weight' && change.to < change.from) return WEIGHT_DROP;
  return ORDER[change.kind];
}

function subject(change: Change): string {
  return 'target' in change ? change.target : change.upstream;
}
