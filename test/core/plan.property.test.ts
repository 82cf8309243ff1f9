import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../sidecar/src/core/binding.ts';
import type { Change } from '../../sidecar/src/core/change.ts';
import { derive } from '../../sidecar/src/core/desired.ts';
import { guardPlan } from '../../sidecar/src/core/guard.ts';
import type { CheckStatus, Instance } from '../../sidecar/src/core/instance.ts';
import { instanceState } from '../../sidecar/src/core/instance.ts';
import { isOwned, stagingName } from '../../sidecar/src/core/ownership.ts';
import { calculatePlan, planDeletion } from '../../sidecar/src/core/plan.ts';
import type { CurrentUpstream } from '../../sidecar/src/core/state.ts';
import { applyPlan, type Held } from './apply-plan.ts';
import { binding, check, currentTarget, instance, TAG } from './builders.ts';

const RUNS = { numRuns: 500 };

const status = fc.constantFrom<CheckStatus>('passing', 'warning', 'critical');
const checkId = fc.constantFrom('service:web', 'serfHealth', '_node_maintenance', '_service_maintenance:web');
const anyInstance: fc.Arbitrary<Instance> = fc
  .record({
    node: fc.constantFrom('n1', 'n2', 'n3'),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    serviceAddress: fc.constantFrom('', '10.0.0.1', '10.0.0.2', '2001:db8::1', 'host.local', 'fe80::1%eth0', 'a/../b'),
    port: fc.constantFrom(0, 80, 8080, 70_000),
    weights: fc.record({ passing: fc.integer({ min: 0, max: 3 }), warning: fc.integer({ min: 0, max: 3 }) }),
    checks: fc.array(
      fc.tuple(status, checkId).map(([state, id]) => check(state, id)),
      { maxLength: 3 },
    ),
  })
  .map((fields) => instance(fields));
const anyInstances = fc.uniqueArray(anyInstance, { maxLength: 8, selector: ({ node, id }) => `${node}/${id}` });

const anySettings: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
  {},
  { algorithm: 'least-connections' },
  { algorithm: 'latency' },
  { hash_on: 'ip' },
  { slots: 100, healthchecks: { active: { healthy: { interval: 5, successes: 2 } } } },
);
const anyBinding = fc
  .record({
    passingOnly: fc.boolean(),
    onNoHealthy: fc.constantFrom<'keep' | 'remove'>('keep', 'remove'),
    panicThreshold: fc.constantFrom(0, 50, 100),
    adopt: fc.boolean(),
    settings: anySettings,
  })
  .map(binding);

const anyTarget = fc
  .tuple(
    fc.constantFrom('10.0.0.1:80', '10.0.0.2:80', '10.0.0.9:1', 'host.local:80'),
    fc.integer({ min: 0, max: 3 }),
    fc.boolean(),
  )
  .map(([target, weight, ours]) => currentTarget(target, weight, ours ? [TAG] : ['theirs']));
function anyUpstream(name: string): fc.Arbitrary<CurrentUpstream | undefined> {
  const upstream = fc
    .tuple(fc.uniqueArray(anyTarget, { selector: ({ target }) => target }), fc.boolean(), anySettings)
    .map(([targets, ours, settings]) => ({
      name,
      id: `id-${name}`,
      tags: ours ? [TAG] : ['theirs'],
      settings,
      targets,
    }));
  return fc.option(upstream, { nil: undefined });
}
const anyHeld: fc.Arbitrary<Held> = fc.record({
  current: anyUpstream('web'),
  staged: anyUpstream(stagingName('web')).map((staged) => staged && { ...staged, tags: [TAG] }),
});

const anyCase = fc.record({ binding: anyBinding, instances: anyInstances, held: anyHeld, inUse: fc.boolean() });
type Case = typeof anyCase extends fc.Arbitrary<infer T> ? T : never;

function planOf(one: Case, held = one.held) {
  const { desired } = derive(one.binding, one.instances);
  return calculatePlan({ desired, ...held, tag: TAG, inUse: one.inUse });
}

/** Applies plans until one is empty: settings that set each other take two. */
function settle(one: Case): Held {
  let held = one.held;
  for (let round = 0; round < 4; round += 1) held = applyPlan(planOf(one, held), held).at(-1) ?? held;
  return held;
}

test('an applied plan gives what is desired, and the next plan is empty', () => {
  fc.assert(
    fc.property(anyCase, (one) => {
      const held = settle(one);
      expect(planOf(one, held).changes).toEqual([]);
      const { desired } = derive(one.binding, one.instances);
      const names = new Set(held.current?.targets.map(({ target }) => target));
      if (desired.targets.length > 0) for (const { target } of desired.targets) expect(names).toContain(target);
      const ours = held.current?.targets.filter(({ tags }) => tags.includes(TAG)) ?? [];
      for (const { target } of ours) expect(desired.targets.map((wanted) => wanted.target)).toContain(target);
    }),
    RUNS,
  );
});

test('nothing that lacks the owner tag is in any plan, unless it is to be adopted', () => {
  fc.assert(
    fc.property(anyCase, (one) => {
      const foreign = new Set(
        one.held.current?.targets.filter(({ tags }) => !tags.includes(TAG)).map(({ target }) => target),
      );
      const isForeign = one.held.current !== undefined && !one.held.current.tags.includes(TAG);
      for (const change of planOf(one).changes) {
        if (one.binding.options.adopt) continue;
        if ('target' in change) expect(foreign).not.toContain(change.target);
        if (isForeign) expect(['add-target', 'set-weight', 'remove-target']).toContain(kindAt('web', change));
      }
    }),
    RUNS,
  );
});

function kindAt(upstream: string, change: Change): string {
  return change.kind === 'delete-upstream' && change.at !== upstream ? 'remove-target' : change.kind;
}

test('removals never come before additions, and a deletion comes last', () => {
  fc.assert(
    fc.property(anyCase, (one) => {
      const kinds = planOf(one).changes.map((change) => change.kind);
      const firstRemoval = kinds.indexOf('remove-target');
      if (firstRemoval >= 0) expect(kinds.lastIndexOf('add-target')).toBeLessThan(firstRemoval);
      const deletion = kinds.indexOf('delete-upstream');
      if (deletion >= 0) expect(deletion).toBe(kinds.length - 1);
    }),
    RUNS,
  );
});

test('an upstream with a usable instance that nobody took out is at no step empty', () => {
  fc.assert(
    fc.property(anyCase, (one) => {
      const { desired, verdicts } = derive(one.binding, one.instances);
      const hasUsable = verdicts.some(({ target, state }) => target !== undefined && state !== 'maintenance');
      if (!hasUsable || one.binding.options.onNoHealthy === 'remove') return;
      expect(desired.targets.length).toBeGreaterThan(0);
      const startsEmpty = (one.held.current?.targets.length ?? 0) === 0;
      for (const step of applyPlan(planOf(one), one.held)) {
        if (step.current !== undefined && !startsEmpty) expect(step.current.targets.length).toBeGreaterThan(0);
      }
    }),
    RUNS,
  );
});

test('an upstream that is in use appears with its targets, never before them', () => {
  fc.assert(
    fc.property(anyCase, (one) => {
      if (one.held.current !== undefined) return;
      for (const step of applyPlan(planOf({ ...one, inUse: true }), one.held)) {
        if (step.current !== undefined) expect(step.current.targets.length).toBeGreaterThan(0);
      }
    }),
    RUNS,
  );
});

test('the guard never lets all of a registered service go, whatever else is asked', () => {
  fc.assert(
    fc.property(anyCase, fc.boolean(), fc.boolean(), (one, confirmed, allAnswered) => {
      const { desired, counts } = derive(one.binding, one.instances);
      const nobodyTookItOut = one.instances.some((each) => instanceState(each) !== 'maintenance');
      if (!nobodyTookItOut || one.binding.options.onNoHealthy === 'remove') return;
      const owned = one.held.current?.targets.filter(({ tags }) => tags.includes(TAG)).length ?? 0;
      if (owned === 0) return;
      const ruling = guardPlan(planOf(one), {
        limits: { emptyGraceMs: 0, maxRemovePercent: 100, holdMs: 0, fleetFloor: 10 },
        nowMs: 1,
        counts,
        keep: true,
        ownedTargets: owned,
        desiredTargets: desired.targets.length,
        confirmed,
        allAnswered,
        doubt: undefined,
        emptySinceMs: undefined,
        heldSinceMs: undefined,
        fleet: { ownedTargets: owned, removedRecently: 0, askedByOthers: 0, leavingElsewhere: 0 },
        policy: 'sync',
        force: false,
      });
      const after = applyPlan({ upstream: 'web', changes: ruling.allowed, notes: [] }, one.held).at(-1) ?? one.held;
      expect((after.current ?? after.staged)?.targets.length).toBeGreaterThan(0);
    }),
    RUNS,
  );
});

test('the same input in any order gives the same plan, byte for byte', () => {
  fc.assert(
    fc.property(anyCase, fc.integer(), (one, seed) => {
      const shuffled = { ...one, instances: shuffle(one.instances, seed), held: shuffleHeld(one.held, seed) };
      expect(JSON.stringify(planOf(shuffled))).toBe(JSON.stringify(planOf(one)));
    }),
    RUNS,
  );
});

function shuffle<T>(items: readonly T[], seed: number): T[] {
  const keyed = items.map((item, at) => ({ item, key: Math.sin(seed + at * 7) }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

function shuffleHeld(held: Held, seed: number): Held {
  const mix = (upstream: CurrentUpstream | undefined) =>
    upstream && { ...upstream, targets: shuffle(upstream.targets, seed) };
  return { current: mix(held.current), staged: mix(held.staged) };
}

test('a deletion takes all that is ours and nothing else, and the second one has nothing to do', () => {
  fc.assert(
    fc.property(anyHeld, (held) => {
      const after = applyPlan(planDeletion('web', held, TAG, 'unbound'), held).at(-1) ?? held;
      const { current } = held;
      const foreign = current?.targets.filter((target) => !isOwned(target, TAG)) ?? [];
      expect(after.staged).toBeUndefined();
      expect(after.current?.targets ?? []).toEqual(foreign);
      expect(after.current?.tags ?? []).not.toContain(TAG);
      if (current !== undefined && !isOwned(current, TAG))
        expect(after.current).toEqual({ ...current, targets: foreign });
      expect(planDeletion('web', after, TAG, 'unbound').changes).toEqual([]);
    }),
    RUNS,
  );
});
