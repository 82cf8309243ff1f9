import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { entry } from '../scripted-consul/catalog.ts';
import type { Answer } from '../scripted-consul/scripted-consul.ts';
import { eventually } from './eventually.ts';
import { startHarness } from './harness.ts';
import { consul, harness, kong, rigEachTest, start } from './rig.ts';

rigEachTest();

const A = entry({ id: 'a', address: '10.0.0.1' });
const B = entry({ id: 'b', address: '10.0.0.2' });
const C = entry({ id: 'c', address: '10.0.0.3' });
const targets = { a: '10.0.0.1:8080=1', b: '10.0.0.2:8080=1', c: '10.0.0.3:8080=1' };

async function holds(...expected: readonly string[]): Promise<void> {
  await eventually(() => expect(kong.targets('web')).toEqual(expected));
  kong.requests.length = 0;
}

function deletes(): number {
  return kong.writes().filter(({ method }) => method === 'DELETE').length;
}

const answer = (fields: Omit<Extract<Answer, { kind: 'answer' }>, 'kind'>): Answer => ({ kind: 'answer', ...fields });

describe('a bad read changes nothing, is shown, and recovers alone', () => {
  test.each<[string, Answer, string]>([
    ['500', answer({ status: 500, raw: 'No cluster leader' }), 'status'],
    ['403', answer({ status: 403, raw: 'Permission denied' }), 'status'],
    ['429', answer({ status: 429, raw: 'too many concurrent connections' }), 'status'],
    [
      'an empty list filtered by ACLs (consul 11276)',
      answer({ entries: [], headers: { 'X-Consul-Results-Filtered-By-ACLs': 'true' } }),
      'filtered_by_acls',
    ],
    [
      'an empty list without a leader (consul-template 1131)',
      answer({ entries: [], headers: { 'X-Consul-KnownLeader': 'false', 'X-Consul-LastContact': '60000' } }),
      'no_leader',
    ],
    ['an empty list that is old', answer({ entries: [], headers: { 'X-Consul-LastContact': '60000' } }), 'stale'],
    ['an empty list without an index', answer({ entries: [], index: null }), 'no_index'],
    ['null', answer({ raw: 'null' }), 'not_a_list'],
    ['an object', answer({ raw: '{}' }), 'not_a_list'],
    ['HTML', { kind: 'html' }, 'not_a_list'],
    ['half a body', { kind: 'half' }, 'unreachable'],
    ['a connection closed without a reply (apisix 9032)', { kind: 'reset' }, 'unreachable'],
  ])('%s', async (_, bad, reason) => {
    consul.set('web', [A, B]);
    start();
    await holds(targets.a, targets.b);
    consul.script('web', bad, bad);
    await eventually(() => expect(harness?.failures.length).toBeGreaterThanOrEqual(2));
    expect(harness?.failures[0]?.reason).toBe(reason);
    expect(kong.writes()).toEqual([]);
    consul.set('web', [A, B, C]);
    await holds(targets.a, targets.b, targets.c);
  });

  test('never answering is noticed when the wait and its grace are over (node-consul 51)', async () => {
    consul.set('web', [A, B]);
    start({ waitMs: 500 });
    await holds(targets.a, targets.b);
    consul.script('web', { kind: 'never' });
    consul.set('web', [A, B, C]);
    await eventually(() => expect(harness?.failures[0]?.reason).toBe('timeout'));
    await holds(targets.a, targets.b, targets.c);
  });

  test('an index that falls with an empty list is read again (consul 20790)', async () => {
    consul.set('web', [A, B], 9_999_999);
    start();
    await holds(targets.a, targets.b);
    consul.script('web', answer({ index: 1, entries: [] }), answer({ index: 9_999_999, entries: [A, B] }));
    await eventually(() => expect(consul.readsOf('web').length).toBeGreaterThanOrEqual(4));
    expect(kong.writes()).toEqual([]);
  });

  test('a stream that lacks an instance, because the token may not see it any more, is read again plainly', async () => {
    consul.set('web', [A, B, C]);
    start();
    await holds(targets.a, targets.b, targets.c);
    const streamed = answer({ index: 9_000, entries: [A, B], headers: { 'X-Consul-Query-Backend': 'streaming' } });
    const filtered = answer({ entries: [A, B], headers: { 'X-Consul-Results-Filtered-By-ACLs': 'true' } });
    consul.script('web', streamed, filtered);
    await eventually(() => expect(harness?.failures[0]?.reason).toBe('filtered_by_acls'));
    expect(kong.writes()).toEqual([]);
  });

  test('Consul gone and back: nothing is written meanwhile, and the change is found (fabio 861)', async () => {
    consul.set('web', [A, B]);
    start();
    await holds(targets.a, targets.b);
    await consul.stop();
    await eventually(() => expect(harness?.failures.length).toBeGreaterThan(0));
    expect(kong.writes()).toEqual([]);
    consul.set('web', [A, B, C]);
    await consul.listen();
    await holds(targets.a, targets.b, targets.c);
  });
});

describe('an empty answer that can be believed', () => {
  test('a removal of half or more is confirmed by a consistent read', async () => {
    consul.set('web', [A, B]);
    start();
    await holds(targets.a, targets.b);
    consul.requests.length = 0;
    consul.set('web', [A]);
    await holds(targets.a);
    expect(consul.readsOf('web').some(({ query }) => query.get('consistent') === '1')).toBe(true);
  });

  test('one whose confirming read fails removes nothing, and says so', async () => {
    consul.set('web', [A, B, C]);
    start();
    await holds(targets.a, targets.b, targets.c);
    const filtered = answer({ entries: [], headers: { 'X-Consul-Results-Filtered-By-ACLs': 'true' } });
    consul.script('web', answer({ index: 9_999, entries: [A] }), filtered);
    await eventually(() => expect(harness?.failures.map(({ reason }) => reason)).toContain('filtered_by_acls'));
    expect(deletes()).toBe(0);
  });

  test('one that the confirming read denies removes nothing', async () => {
    consul.set('web', [A, B]);
    start();
    await holds(targets.a, targets.b);
    consul.script('web', answer({ index: 9_000, entries: [] }));
    await eventually(() =>
      expect(consul.readsOf('web').some(({ query }) => query.get('consistent') === '1')).toBe(true),
    );
    await wait(200);
    expect(deletes()).toBe(0);
  });

  test('keeps the last targets, and refills: first the new one, then the old one goes (nginx-upsync 240)', async () => {
    consul.set('web', [A]);
    start();
    await holds(targets.a);
    consul.set('web', []);
    await eventually(() => expect(harness?.store.report('web')?.hold?.reason).toBe('empty_grace'));
    expect(kong.writes()).toEqual([]);
    consul.set('web', [B]);
    await eventually(() => expect(kong.targets('web')).toEqual([targets.b]));
    expect(kong.writes().map(({ method }) => method)).toEqual(['POST', 'DELETE']);
  });

  test('one of entries that cannot be read is not empty', async () => {
    consul.set('web', [A, B]);
    start({ emptyGraceMs: 0 });
    await holds(targets.a, targets.b);
    consul.set('web', [{ Node: {} }, null, 7]);
    await eventually(() => expect(harness?.store.report('web')?.malformed).toBe(3));
    await wait(200);
    expect(deletes()).toBe(0);
  });

  test('before every bound service has answered nothing is removed (startup)', async () => {
    consul.set('web', [A, B, C]);
    await kong.seed('POST', '/upstreams', { name: 'web', tags: ['kong-consul:test'] });
    await kong.seed('POST', '/upstreams/web/targets', { target: '10.0.0.9:1', tags: ['kong-consul:test'] });
    consul.always('late', () => answer({ status: 500 }));
    start({ upstreams: { web: {}, late: {} } });
    await eventually(() => expect(kong.targets('web')).toHaveLength(4));
    expect(harness?.store.report('web')?.hold?.reason).toBe('first_answers');
    consul.always('late', undefined);
    await holds(targets.a, targets.b, targets.c);
  });
});

test('one service that never answers holds removals for the start-up hold only', async () => {
  consul.set('web', [A, B, C]);
  await kong.seed('POST', '/upstreams', { name: 'web', tags: ['kong-consul:test'] });
  await kong.seed('POST', '/upstreams/web/targets', { target: '10.0.0.9:1', tags: ['kong-consul:test'] });
  consul.always('late', () => answer({ status: 500 }));
  start({ upstreams: { web: {}, late: {} }, startupHoldMs: 3_000 });
  await eventually(() => expect(harness?.store.report('web')?.hold?.reason).toBe('first_answers'));
  await holds(targets.a, targets.b, targets.c);
});

test('a global plugin on a Consul whose list of services cannot be read leaves our upstreams alone', async () => {
  await kong.seed('POST', '/services', { name: 'shop', host: 'web' });
  await kong.seed('POST', '/plugins', { name: 'kong-upstream-healthcheck' });
  await kong.seed('POST', '/upstreams', { name: 'web', tags: ['kong-consul:test'] });
  await kong.seed('POST', '/upstreams/web/targets', { target: '10.0.0.1:8080', tags: ['kong-consul:test'] });
  await consul.stop();
  start({ upstreams: {} });
  await eventually(() => expect(harness?.store.report('web')?.state).toBe('frozen'));
  expect(kong.writes()).toEqual([]);
});

describe('a hot index is no hot loop', () => {
  test.each<[string, (count: number) => number]>([
    ['always 0 (consul pull request 13561)', () => 0],
    ['one more at each answer, same content (consul 3890)', (count) => 1_000 + count],
    ['going back each time (consul 7939)', (count) => 1_000_000 - count],
  ])('index %s', async (_, indexOf) => {
    let count = 0;
    consul.always('web', () => {
      count += 1;
      return answer({ index: indexOf(count), entries: [A] });
    });
    start();
    await holds(targets.a);
    await wait(3_000);
    expect(count).toBeLessThanOrEqual(15);
    expect(kong.writes()).toEqual([]);
  });
});

describe('connections', () => {
  test('twenty services over five connections are all followed (consul 11030)', async () => {
    const upstreams = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`web-${at}`, {}]));
    for (const [at, name] of Object.keys(upstreams).entries())
      consul.set(name, [entry({ id: name, service: name, address: `10.1.0.${at}` })]);
    start({ upstreams, maxConnections: 5 });
    await eventually(() => expect(kong.admin.tables.all('targets')).toHaveLength(20));
    consul.set('web-19', [entry({ id: 'x', service: 'web-19', address: '10.2.0.1' })]);
    await eventually(() => expect(kong.targets('web-19')).toEqual(['10.2.0.1:8080=1']));
  });

  test('bindings that ask the same share one watch (consul 8995), and never ask the cache (consul 21548)', async () => {
    consul.set('web', [A]);
    const upstreams = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`up-${at}`, { service: 'web' }]));
    start({ upstreams });
    await eventually(() => expect(kong.admin.tables.all('targets')).toHaveLength(50));
    expect(harness?.pool.states()).toHaveLength(1);
    expect(consul.requests.filter(({ query }) => query.has('cached') || query.has('stale'))).toEqual([]);
  });
});

describe('instances', () => {
  test('one without a port is skipped with its reason, the others stay (apisix 11959)', async () => {
    consul.set('web', [A, entry({ id: 'x', address: '10.0.0.9', port: null })]);
    start();
    await holds(targets.a);
    expect(harness?.store.report('web')?.verdicts.map(({ skipped }) => skipped)).toEqual([undefined, 'no_port']);
  });

  test('the same address in two upstreams is kept in both (Kong 4778)', async () => {
    consul.set('web', [A]);
    start({ upstreams: { web: {}, again: { service: 'web' } } });
    await holds(targets.a);
    await eventually(() => expect(kong.targets('again')).toEqual([targets.a]));
  });

  test('one of ten that flaps is followed each time, and no limit takes it for an outage', async () => {
    const nine = Array.from({ length: 9 }, (_, at) => entry({ id: `i${at}`, address: `10.6.0.${at}` }));
    const flapper = entry({ id: 'flapper', address: '10.6.0.9' });
    consul.set('web', [...nine, flapper]);
    start();
    await eventually(() => expect(kong.targets('web')).toHaveLength(10));
    for (let turn = 0; turn < 12; turn += 1) {
      consul.set('web', nine);
      await eventually(() => expect(kong.targets('web')).toHaveLength(9));
      consul.set('web', [...nine, flapper]);
      await eventually(() => expect(kong.targets('web')).toHaveLength(10));
    }
  });

  test('most targets of all upstreams gone within seconds: held, loud, and undone when they are back', async () => {
    const upstreams = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`up-${at}`, {}]));
    const four = (name: string) =>
      Array.from({ length: 4 }, (_, at) =>
        entry({ id: `${name}-${at}`, service: name, address: `10.7.${name.slice(3)}.${at}` }),
      );
    for (const name of Object.keys(upstreams)) consul.set(name, four(name));
    start({ upstreams });
    await eventually(() => expect(kong.admin.tables.count('targets')).toBe(20));
    for (const name of Object.keys(upstreams)) consul.set(name, four(name).slice(0, 1));
    await eventually(() =>
      expect(harness?.store.reports().filter(({ hold }) => hold?.reason === 'fleet_limit').length).toBeGreaterThan(0),
    );
    await wait(300);
    expect(kong.admin.tables.count('targets')).toBeGreaterThanOrEqual(10);
    for (const name of Object.keys(upstreams)) consul.set(name, four(name));
    await eventually(() => expect(kong.admin.tables.count('targets')).toBe(20));
    await eventually(() => expect(harness?.store.reports().every(({ state }) => state === 'in_sync')).toBe(true));
  });

  test('500 targets, 5 replaced: ten writes (Kong 8353)', async () => {
    const many = (from: number) =>
      Array.from({ length: 500 }, (_, at) =>
        entry({ id: `i${at + from}`, address: `10.5.${Math.floor((at + from) / 250)}.${(at + from) % 250}` }),
      );
    consul.set('web', many(0));
    start({ kong: { writesPerSecond: 10_000 } });
    await eventually(() => expect(kong.targets('web')).toHaveLength(500));
    kong.requests.length = 0;
    consul.set('web', many(5));
    await eventually(() => expect(kong.writes()).toHaveLength(10));
    await wait(200);
    expect(kong.writes().map(({ method }) => method)).toEqual([...Array(5).fill('POST'), ...Array(5).fill('DELETE')]);
  });
});

describe('what is not ours', () => {
  test('is never written: foreign upstreams, foreign targets, another owner (traefik, kong-operator)', async () => {
    await kong.seed('POST', '/upstreams', { name: 'web', slots: 100, tags: ['someone'] });
    await kong.seed('POST', '/upstreams/web/targets', { target: '10.0.0.1:8080', weight: 77 });
    await kong.seed('POST', '/upstreams/web/targets', { target: '10.9.9.9:1', weight: 3, tags: ['kong-consul:other'] });
    consul.set('web', [A, B]);
    start({ emptyGraceMs: 0 });
    await holds('10.0.0.1:8080=77', '10.0.0.2:8080=1', '10.9.9.9:1=3');
    consul.set('web', []);
    await holds('10.0.0.1:8080=77', '10.9.9.9:1=3');
    expect(kong.admin.tables.find('upstreams', 'web')).toMatchObject({ slots: 100, tags: ['someone'] });
  });

  test('is taken over with adopt: true', async () => {
    await kong.seed('POST', '/upstreams', { name: 'web', slots: 100, tags: ['someone'] });
    await kong.seed('POST', '/upstreams/web/targets', { target: '10.0.0.1:8080', weight: 77 });
    consul.set('web', [A]);
    start({ upstreams: { web: { adopt: true } } });
    await holds(targets.a);
    expect(kong.admin.tables.find('upstreams', 'web')).toMatchObject({
      slots: 10_000,
      tags: ['someone', 'kong-consul:test'],
    });
  });
});

describe('Kong that misbehaves', () => {
  test.each([
    ['answers 500 three times', { method: 'POST', times: 3, does: { kind: 'status', status: 500 } }],
    [
      'answers 429 with Retry-After',
      { method: 'POST', times: 1, does: { kind: 'status', status: 429, headers: { 'retry-after': '1' } } },
    ],
    ['drops the connection', { method: 'POST', times: 3, does: { kind: 'drop' } }],
    ['drops the answer after it has written', { method: 'POST', times: 4, does: { kind: 'drop-after-write' } }],
    ['answers HTML', { method: 'POST', times: 1, does: { kind: 'html' } }],
    ['cuts its answer off', { method: 'POST', times: 2, does: { kind: 'truncate' } }],
  ] as const)('%s: converges, without a second of anything', async (_, fault) => {
    consul.set('web', [A, B]);
    kong.inject(fault);
    start();
    await holds(targets.a, targets.b);
    expect(kong.admin.tables.all('upstreams')).toHaveLength(1);
  });

  test('refuses one upstream for good: it is in error with Kong’s own message, the others go on', async () => {
    const message = 'schema violation (target: no)';
    const web = await kong.seed('POST', '/upstreams', { name: 'web', tags: ['kong-consul:test'] });
    kong.inject({
      method: 'POST',
      path: new RegExp(`/upstreams/${String(web.id)}/targets`),
      does: { kind: 'status', status: 400, body: { message } },
    });
    consul.set('web', [A]);
    consul.set('other', [entry({ id: 'o', service: 'other', address: '10.0.0.7' })]);
    start({ upstreams: { web: {}, other: {} } });
    await eventually(() => {
      const states = ['web', 'other'].map((name) => harness?.store.report(name)?.state);
      expect(states).toEqual(['error', 'in_sync']);
    });
    expect(harness?.store.report('web')?.problem).toContain(message);
  });

  test('many requests stay within the concurrency (kongfig 112)', async () => {
    const upstreams = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`up-${at}`, { service: 'web' }]));
    consul.set('web', [A, B, C]);
    start({ upstreams });
    await eventually(() => expect(kong.admin.tables.all('targets')).toHaveLength(180));
    expect(kong.mostAtOnce).toBeLessThanOrEqual(8);
  });

  test('two sidecars at once converge and write nothing more', async () => {
    consul.set('web', [A, B, C]);
    const other = startHarness(consul.url, kong, { upstreams: { web: {} } });
    start();
    await eventually(() => expect(kong.targets('web')).toHaveLength(3));
    await eventually(() =>
      expect([harness, other].map((each) => each?.store.report('web')?.state)).toEqual(['in_sync', 'in_sync']),
    );
    kong.requests.length = 0;
    consul.set('web', [A, B]);
    await eventually(() => expect(kong.targets('web')).toHaveLength(2));
    await wait(500);
    expect(kong.writes().filter(({ method }) => method === 'POST')).toEqual([]);
    await other.stop();
  });
});

describe('policies', () => {
  test('upsert_only adds and never removes', async () => {
    consul.set('web', [A, B, C]);
    start({ policy: 'upsert_only' });
    await holds(targets.a, targets.b, targets.c);
    consul.set('web', [A, B, entry({ id: 'd', address: '10.0.0.4' })]);
    await eventually(() => expect(kong.targets('web')).toHaveLength(4));
    expect(harness?.store.report('web')?.hold?.reason).toBe('upsert_only');
    expect(deletes()).toBe(0);
  });

  test('observing plans and never writes', async () => {
    consul.set('web', [A]);
    start({ dryRun: true });
    await eventually(() => expect(harness?.store.report('web')?.plan?.changes).toHaveLength(2));
    await wait(200);
    expect(kong.writes()).toEqual([]);
  });
});
