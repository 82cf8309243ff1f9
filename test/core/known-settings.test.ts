import { expect, test } from 'vitest';
import { knownSettings } from '../../sidecar/src/core/known-settings.ts';
import { isBefore, parseRelease } from '../../sidecar/src/core/release.ts';

test.each([
  ['2.8.5', [2, 8]],
  ['3.4.3.1-enterprise-edition', [3, 4]],
  ['3.10.0', [3, 10]],
  ['next', undefined],
])('the release of %s is %j', (version, release) => {
  expect(parseRelease(version)).toEqual(release);
});

test('3.10 comes after 3.9, and what is not known before nothing', () => {
  expect(isBefore([3, 9], [3, 10])).toBe(true);
  expect(isBefore([3, 10], [3, 9])).toBe(false);
  expect(isBefore(undefined, [3, 9])).toBe(false);
});

/** Each row: the last release without it, the first with it, and what is left of the settings before. */
test.each([
  ['2.8.5', '3.0.0', { hash_on: 'query_arg', hash_on_query_arg: 'q', hash_fallback: 'ip', slots: 10 }, { slots: 10 }],
  ['2.8.5', '3.0.0', { hash_on: 'ip', hash_fallback: 'path' }, { hash_on: 'ip' }],
  ['2.8.5', '3.0.0', { hash_on_uri_capture: 'id' }, {}],
  [
    '2.8.5',
    '3.0.0',
    { healthchecks: { active: { headers: { a: ['b'] }, http_path: '/up' } } },
    { healthchecks: { active: { http_path: '/up' } } },
  ],
  ['3.0.2', '3.1.0', { use_srv_name: true, host_header: 'a' }, { host_header: 'a' }],
  ['3.1.1', '3.2.0', { algorithm: 'latency' }, {}],
])('%s is not sent what came with %s: %j', (before, since, settings, left) => {
  const known = knownSettings(settings, parseRelease(before));
  expect(known.settings).toEqual(left);
  expect(known.notes).toEqual([expect.stringContaining(`it came with ${since.slice(0, 3)}`)]);
  expect(knownSettings(settings, parseRelease(since))).toEqual({ settings, notes: [] });
  expect(knownSettings(settings, undefined)).toEqual({ settings, notes: [] });
});

test('what every release knows is sent to all', () => {
  const settings = { algorithm: 'least-connections', slots: 100, healthchecks: { passive: { type: 'tcp' } } };
  expect(knownSettings(settings, [2, 8])).toEqual({ settings, notes: [] });
});
