import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Revisions } from '../../sidecar/src/serve/revisions.ts';

test('tells what became otherwise since a revision, once each, and what went', () => {
  const revisions = new Revisions();
  revisions.changed('a');
  revisions.changed('b');
  const { current } = revisions;
  revisions.changed('b');
  revisions.changed('c');
  revisions.changed('b');
  revisions.gone('a');
  expect(revisions.after(current)).toEqual({ changed: ['b', 'c'], gone: ['a'] });
  expect(revisions.after(revisions.current)).toEqual({ changed: [], gone: [] });
});

test('does not know what it never gave, or what was too long ago', () => {
  const revisions = new Revisions();
  for (let at = 0; at < 1_001; at += 1) revisions.gone(`old-${at}`);
  expect(revisions.after(0)).toBeUndefined();
  expect(revisions.after(1)?.gone).toHaveLength(1_000);
  expect(revisions.after(revisions.current + 1)).toBeUndefined();
});

test('whoever applies the difference knows what the others know, from any revision on', () => {
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), goes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(30), (steps, cut) => {
      const revisions = new Revisions();
      const held = new Map<string, number>();
      let [seen, seenAt] = [new Map<string, number>(), 0];
      for (const [at, { name, goes }] of steps.entries()) {
        if (at === cut) [seen, seenAt] = [new Map(held), revisions.current];
        if (goes) {
          held.delete(name);
          revisions.gone(name);
        } else {
          held.set(name, at);
          revisions.changed(name);
        }
      }
      const difference = revisions.after(seenAt);
      for (const name of difference?.gone ?? []) seen.delete(name);
      for (const name of difference?.changed ?? []) seen.set(name, held.get(name) ?? -1);
      expect([...seen].sort()).toEqual([...held].sort());
    }),
  );
});
