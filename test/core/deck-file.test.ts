import { expect, test } from 'vitest';
import { type DeckFileInput, toDeckFile } from '../../sidecar/src/core/deck-file.ts';
import type { CurrentTarget, CurrentUpstream } from '../../sidecar/src/core/state.ts';
import { TAG } from './builders.ts';

function target(name: string, tags: readonly string[] = [TAG]): CurrentTarget {
  return { id: `id-${name}`, target: name, weight: 1, tags };
}

function upstream(fields: Partial<CurrentUpstream> = {}): CurrentUpstream {
  return { id: 'id', name: 'web', tags: [TAG], settings: {}, targets: [], ...fields };
}

function fileOf(...upstreams: readonly CurrentUpstream[]) {
  return toDeckFile({ upstreams, tag: TAG, release: [3, 9] });
}

test('has the shape that decK documents, sorted, without ids, times and what is not set', () => {
  const settings = { id: 'id', name: 'web', tags: [TAG], created_at: 1, updated_at: 2, slots: 100, host_header: null };
  const checks = { healthchecks: { threshold: 0, active: { https_sni: null, headers: { b: ['2'], a: ['1'] } } } };
  const web = upstream({ settings: { ...settings, ...checks }, targets: [target('b:80'), target('a:80')] });
  const { document, leftOut } = fileOf(web, upstream({ name: 'api' }));
  expect(JSON.stringify(document)).toBe(
    JSON.stringify({
      _format_version: '3.0',
      _info: { select_tags: [TAG] },
      upstreams: [
        { name: 'api', targets: [] },
        {
          name: 'web',
          healthchecks: { active: { headers: { b: ['2'], a: ['1'] } }, threshold: 0 },
          slots: 100,
          targets: [
            { target: 'a:80', weight: 1 },
            { target: 'b:80', weight: 1 },
          ],
        },
      ],
    }),
  );
  expect(leftOut).toEqual([]);
});

test('the owner tag is said once, other tags stay', () => {
  const adopted = upstream({ tags: ['z', TAG, 'a'], targets: [target('a:80', [TAG, 'blue'])] });
  expect(fileOf(adopted).document.upstreams).toEqual([
    { name: 'web', tags: ['a', 'z'], targets: [{ target: 'a:80', weight: 1, tags: ['blue'] }] },
  ]);
});

test('what is not ours is left out, and said', () => {
  const mixed = upstream({ targets: [target('a:80'), target('b:80', ['other'])] });
  const foreign = upstream({ name: 'shared', tags: ['other'], targets: [target('c:80'), target('d:80', [])] });
  const alien = upstream({ name: 'alien', tags: [], targets: [target('e:80', [])] });
  const { document, leftOut } = fileOf(mixed, foreign, alien);
  expect(document.upstreams).toEqual([{ name: 'web', targets: [{ target: 'a:80', weight: 1 }] }]);
  expect(leftOut).toEqual([
    '1 targets of ours in shared: that upstream is not ours',
    '1 targets of web: they are not ours',
  ]);
});

test.each<[string, Partial<DeckFileInput>, Readonly<Record<string, unknown>>]>([
  ['Kong 2.8 has another format version', { release: [2, 8] }, { _format_version: '1.1' }],
  ['Kong 3.0 has its own', { release: [3, 0] }, { _format_version: '3.0' }],
  ['an unknown Kong is a new one', { release: undefined }, { _format_version: '3.0' }],
  ['a workspace is named', { workspace: 'team' }, { _workspace: 'team' }],
])('%s', (_, input, expected) => {
  expect(toDeckFile({ upstreams: [], tag: TAG, release: [3, 9], ...input }).document).toMatchObject(expected);
});

test('a field that this Kong does not know is left out, and one that an old decK refuses, when it says nothing', () => {
  const web = upstream({ settings: { use_srv_name: false, hash_on_query_arg: 'q', slots: 10 } });
  const at = (release: readonly [number, number]) =>
    toDeckFile({ upstreams: [web], tag: TAG, release }).document.upstreams;
  expect(at([2, 8])).toEqual([{ name: 'web', slots: 10, targets: [] }]);
  expect(at([3, 9])).toEqual([{ name: 'web', hash_on_query_arg: 'q', slots: 10, targets: [] }]);
  const used = upstream({ settings: { use_srv_name: true } });
  expect(fileOf(used).document.upstreams).toEqual([{ name: 'web', use_srv_name: true, targets: [] }]);
});
