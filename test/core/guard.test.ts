import { describe, expect, test } from 'vitest';
import type { Change } from '../../sidecar/src/core/change.ts';
import { type GuardContext, guardDeletion, guardPlan } from '../../sidecar/src/core/guard.ts';

const NOW = 1_000_000;
const base: GuardContext = {
  limits: { emptyGraceMs: 30_000, maxRemovePercent: 50, holdMs: 300_000, fleetFloor: 10 },
  nowMs: NOW,
  counts: { registered: 4, healthy: 4, maintenance: 0 },
  keep: true,
  ownedTargets: 4,
  desiredTargets: 3,
  confirmed: false,
  allAnswered: true,
  doubt: undefined,
  emptySinceMs: undefined,
  heldSinceMs: undefined,
  fleet: { ownedTargets: 4, removedRecently: 0, askedByOthers: 0, leavingElsewhere: 0 },
  policy: 'sync',
  force: false,
};
const none = { registered: 0, healthy: 0, maintenance: 0 };

function plan(removals: number, additions = 0) {
  const changes: Change[] = [
    ...Array.from(
      { length: additions },
      (_, at) => ({ kind: 'add-target', upstream: 'web', target: `a:${at}`, weight: 1, reason: '' }) as const,
    ),
    ...Array.from(
      { length: removals },
      (_, at) => ({ kind: 'remove-target', upstream: 'web', target: `r:${at}`, reason: '' }) as const,
    ),
  ];
  return { upstream: 'web', changes, notes: [] };
}

describe('what the guard does with removals', () => {
  test.each<[string, number, Partial<GuardContext>, string | undefined]>([
    ['nothing removed: allowed', 0, {}, undefined],
    ['fewer than half: at once', 1, {}, undefined],
    [
      'one, and none is left if Kong does what it never answered',
      1,
      { doubt: { survivors: 0, untilMs: NOW + 9 } },
      'writes_in_doubt',
    ],
    ['the same, forced', 1, { doubt: { survivors: 0, untilMs: NOW + 9 }, force: true }, 'writes_in_doubt'],
    ['one, and another is left for certain', 1, { doubt: { survivors: 1, untilMs: NOW + 9 } }, undefined],
    ['half: confirm first', 2, {}, 'confirm'],
    ['half, confirmed: allowed', 2, { confirmed: true }, undefined],
    ['all, replaced by others, confirmed: allowed', 4, { confirmed: true }, undefined],
    ['all, none registered, not confirmed', 4, { counts: none, desiredTargets: 0 }, 'confirm'],
    [
      'all, none registered, confirmed: grace',
      4,
      { counts: none, desiredTargets: 0, confirmed: true, emptySinceMs: NOW - 29_999 },
      'empty_grace',
    ],
    [
      'all, none registered, grace over',
      4,
      { counts: none, desiredTargets: 0, confirmed: true, emptySinceMs: NOW - 30_000 },
      undefined,
    ],
    ['all, none registered, forced', 4, { counts: none, desiredTargets: 0, confirmed: true, force: true }, undefined],
    ['all, none registered, forced but not confirmed', 4, { counts: none, desiredTargets: 0, force: true }, 'confirm'],
    ['all, registered but unusable, keep', 4, { desiredTargets: 0, confirmed: true }, 'no_usable_instance'],
    ['all, registered but critical, remove', 4, { desiredTargets: 0, confirmed: true, keep: false }, undefined],
    [
      'all in maintenance',
      4,
      { desiredTargets: 0, confirmed: true, counts: { registered: 4, healthy: 0, maintenance: 4 } },
      undefined,
    ],
    ['before all services have answered', 1, { allAnswered: false }, 'first_answers'],
    ['before all services have answered, forced', 1, { allAnswered: false, force: true }, 'first_answers'],
    ['upsert only', 1, { policy: 'upsert_only' }, 'upsert_only'],
  ])('%s', (_, removals, overrides, reason) => {
    expect(guardPlan(plan(removals), { ...base, ...overrides }).hold?.reason).toBe(reason);
  });

  test('holds removals only: what adds goes through', () => {
    const ruling = guardPlan(plan(4, 2), { ...base, desiredTargets: 2 });
    expect(ruling.allowed.map((change) => change.kind)).toEqual(['add-target', 'add-target']);
    expect(ruling.hold?.changes).toHaveLength(4);
  });
});

describe('the fleet limit', () => {
  test.each<[string, number, Partial<GuardContext>, string | undefined]>([
    [
      'under ten owned targets it says nothing',
      4,
      { fleet: { ownedTargets: 9, removedRecently: 0, askedByOthers: 5, leavingElsewhere: 0 } },
      undefined,
    ],
    [
      'half of ten is not over it',
      4,
      { fleet: { ownedTargets: 10, removedRecently: 0, askedByOthers: 1, leavingElsewhere: 0 } },
      undefined,
    ],
    [
      'more than half of ten',
      4,
      { fleet: { ownedTargets: 10, removedRecently: 0, askedByOthers: 2, leavingElsewhere: 0 } },
      'fleet_limit',
    ],
    [
      'what went within the window counts',
      4,
      { fleet: { ownedTargets: 8, removedRecently: 4, askedByOthers: 0, leavingElsewhere: 0 } },
      'fleet_limit',
    ],
    [
      'held long enough: allowed',
      4,
      {
        fleet: { ownedTargets: 10, removedRecently: 0, askedByOthers: 2, leavingElsewhere: 0 },
        heldSinceMs: NOW - 300_000,
      },
      undefined,
    ],
    [
      'forced',
      4,
      { fleet: { ownedTargets: 10, removedRecently: 0, askedByOthers: 2, leavingElsewhere: 0 }, force: true },
      undefined,
    ],
    [
      'a small removal is held too',
      1,
      { fleet: { ownedTargets: 100, removedRecently: 60, askedByOthers: 20, leavingElsewhere: 0 } },
      'fleet_limit',
    ],
  ])('%s', (_, removals, overrides, reason) => {
    expect(guardPlan(plan(removals), { ...base, confirmed: true, ...overrides }).hold?.reason).toBe(reason);
  });

  test('new targets count as owned, so that a replacement is no loss', () => {
    const fleet = { ownedTargets: 10, removedRecently: 0, askedByOthers: 0, leavingElsewhere: 0 };
    const context = { ...base, ownedTargets: 10, desiredTargets: 10, confirmed: true, fleet };
    expect(guardPlan(plan(10, 10), context).hold).toBeUndefined();
  });

  test.each<[string, number, object, string | undefined]>([
    ['alone, however many targets it has', 10, {}, undefined],
    ['with others, together over the limit', 4, { leavingElsewhere: 4 }, 'fleet_limit'],
    ['with others, together within the limit', 2, { leavingElsewhere: 3 }, undefined],
    ['while targets of others go, together over the limit', 4, { askedByOthers: 4 }, 'fleet_limit'],
  ])('an upstream is deleted %s', (_, ownedTargets, fleet, reason) => {
    const change = { kind: 'delete-upstream', upstream: 'web', at: 'web', reason: '' } as const;
    const view = { ownedTargets: 10, removedRecently: 0, askedByOthers: 0, leavingElsewhere: 0, ...fleet };
    expect(
      guardDeletion({ upstream: 'web', changes: [change], notes: [] }, { ...base, ownedTargets, fleet: view }).hold
        ?.reason,
    ).toBe(reason);
  });
});
