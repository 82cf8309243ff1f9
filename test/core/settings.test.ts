import { expect, test } from 'vitest';
import type { JsonObject } from '../../sidecar/src/core/binding.ts';
import { completeSettings, diffSettings, mergeSettings } from '../../sidecar/src/core/settings.ts';

function withHeaders(headers: JsonObject | null): JsonObject {
  return { healthchecks: { active: { headers } } };
}

/** A map is one value: Kong's PATCH replaces it whole. */
test.each([
  ['a header that left the binding', { a: ['1'] }, { a: ['1'], b: ['2'] }],
  ['a header whose name has a dot', { 'x.y': ['1'] }, { 'x.y': ['2'] }],
  ['a header whose name is as a record is', { healthy: ['1'] }, { healthy: ['1'], unhealthy: ['2'] }],
  ['headers where there were none', { a: ['1'] }, null],
])('%s reaches Kong, and then nothing is missing', (_, asked, held) => {
  const current = completeSettings(withHeaders(held));
  const { fields, patch } = diffSettings(withHeaders(asked), current);
  expect(fields).toEqual([{ path: 'healthchecks.active.headers', from: held, to: asked }]);
  expect(patch).toEqual(withHeaders(asked));
  const then = mergeSettings(current, patch);
  expect(diffSettings(withHeaders(asked), then).fields).toEqual([]);
});

test('headers that all left the binding go', () => {
  const current = completeSettings(withHeaders({ a: ['1'] }));
  expect(diffSettings({}, current).patch).toEqual(withHeaders(null));
});
