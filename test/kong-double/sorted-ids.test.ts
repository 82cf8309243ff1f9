import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SortedIds } from './sorted-ids.ts';

const step = fc.record({ does: fc.constantFrom('add', 'delete', 'list'), id: fc.constantFrom(...'abcdefgh') });

test('whatever comes and goes, the list is what a sorted set would be', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ids = new SortedIds();
      const model = new Set<string>();
      for (const { does, id } of steps) {
        if (does === 'add') {
          ids.add(id);
          model.add(id);
        } else if (does === 'delete') {
          ids.delete(id);
          model.delete(id);
        } else expect(ids.list()).toEqual([...model].sort());
      }
      expect(ids.list()).toEqual([...model].sort());
      expect(ids.size).toBe(model.size);
    }),
  );
});
