import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../sidecar/src/config/config-error.ts';
import { lintHealthChecks } from '../../sidecar/src/core/health-check-lint.ts';
import { KongClient } from '../../sidecar/src/kong/client.ts';
import { DatabaseDriver } from '../../sidecar/src/kong/database-driver.ts';
import { load } from '../config/load-config.ts';
import { StubServer } from '../fuzz/stub-server.ts';
import { entry } from '../scripted-consul/catalog.ts';
import type { Answer } from '../scripted-consul/scripted-consul.ts';
import { eventually } from './eventually.ts';
import type { HarnessOptions } from './harness.ts';
import { consul, harness, kong, rigEachTest, start } from './rig.ts';

/**
 * What went wrong for others who join Consul with a proxy, as a test each: answers are in field-kinds.test.ts, bad reads in
 * field-reports.test.ts, events here. What does not fit:
 *
 * | report                                            | why                                                                  |
 * | ------------------------------------------------- | -------------------------------------------------------------------- |
 * | weight 0 first, deletion after a drain (KIC 6312) | Kong finishes requests in flight by itself when a target goes, and   |
 * |                                                   | gets the deletion within milliseconds: a second write a target would |
 * |                                                   | rebuild each balancer twice, for a weight that Kong treats as gone   |
 * | status code 500 of `/targets/:t/healthy` (15001)  | that call is never made: health is Kong's own                        |
 */
rigEachTest();

const A = entry({ id: 'a', address: '10.0.0.1' });
const B = entry({ id: 'b', address: '10.0.0.2' });
const C = entry({ id: 'c', address: '10.0.0.3' });
const D = entry({ id: 'd', address: '10.0.0.4' });
const FOUR = ['10.0.0.1:8080=1', '10.0.0.2:8080=1', '10.0.0.3:8080=1', '10.0.0.4:8080=1'] as const;
const ill = (id: string, address: string) => entry({ id, address, checks: [{ id: 'c', status: 'critical' }] });

async function holds(targets: readonly string[]): Promise<void> {
  await eventually(() => expect(kong.targets('web')).toEqual(targets));
}

async function startsWith(
  entries: readonly unknown[],
  targets: readonly string[],
  options: Partial<HarnessOptions> = {},
) {
  consul.set('web', entries);
  start(options);
  await holds(targets);
  await eventually(() => expect(harness?.store.report('web')?.state).toBe('in_sync'));
  kong.clearRequests();
}

function written(): readonly string[] {
  return kong.writes().map(({ method }) => method);
}

/** Until the watch has asked again after an answer of now. */
async function nextPoll(times = 1): Promise<void> {
  const count = consul.readsOf('web').length + times;
  await eventually(() => expect(consul.readsOf('web').length).toBeGreaterThanOrEqual(count));
}

const answer = (fields: Omit<Extract<Answer, { kind: 'answer' }>, 'kind'>): Answer => ({ kind: 'answer', ...fields });

describe('EMPTY: what happens when nobody is healthy, or nobody is there (consul-template 21, nginx-upsync 240)', () => {
  test.each([
    ['keep', 'all critical', [ill('a', '10.0.0.1'), ill('b', '10.0.0.2')], FOUR.slice(0, 2)],
    ['remove', 'all critical', [ill('a', '10.0.0.1'), ill('b', '10.0.0.2')], []],
    ['keep', 'none registered, grace over', [], []],
    ['remove', 'none registered, grace over', [], []],
  ] as const)('%s, %s', async (policy, _, entries, targets) => {
    await startsWith([A, B], FOUR.slice(0, 2), { upstreams: { web: { on_no_healthy: policy } }, emptyGraceMs: 0 });
    consul.set('web', entries);
    await nextPoll();
    await holds(targets);
    await eventually(() => expect(harness?.store.report('web')?.state).toBe('in_sync'));
    consul.set('web', [A, B]);
    await holds(FOUR.slice(0, 2));
  });

  test('Consul restarted with its data lost: targets stay for the grace, and those that come back are the same', async () => {
    await startsWith([A, B], FOUR.slice(0, 2));
    consul.set('web', [], 2);
    consul.script('web', answer({ index: 2, entries: [] }));
    await eventually(() => expect(harness?.store.report('web')?.hold?.reason).toBe('empty_grace'));
    consul.set('web', [A, B], 5);
    await eventually(() => expect(harness?.store.report('web')?.state).toBe('in_sync'));
    expect(written()).toEqual([]);
  });
});

describe('PARTIAL: a list that is too short for a moment', () => {
  test('while the leader changes, under a lower index (consul 4103)', async () => {
    consul.set('web', [A, B, C, D], 5_000);
    start();
    await holds(FOUR);
    kong.clearRequests();
    consul.script('web', answer({ index: 12, entries: [A] }));
    await nextPoll(3);
    expect(written()).toEqual([]);
  });

  test.each([
    ['a datacenter that is out of reach', answer({ status: 500, raw: 'No path to datacenter' })],
    ['a token that has expired', answer({ status: 403, raw: 'ACL not found' })],
    ['a proxy before Consul that has lost it', answer({ status: 502, raw: '<html>bad gateway</html>' })],
    ['a redirect', answer({ status: 301, headers: { Location: '/v1/health/' } })],
    ['an index that is no number', answer({ entries: [A], headers: { 'X-Consul-Index': 'seven' } })],
    ['a body that is a string', answer({ raw: '"[]"' })],
  ])('%s', async (_, bad) => {
    await startsWith([A, B, C, D], FOUR);
    consul.script('web', bad);
    await eventually(() => expect(harness?.failures.length).toBeGreaterThan(0));
    await nextPoll();
    expect(written()).toEqual([]);
  });
});

describe('BLOCK: polls that do not block as they should', () => {
  test('a change that wakes nobody is found when the poll ends (consul 2814)', async () => {
    consul.set('web', [A], 50);
    start({ waitMs: 400 });
    await holds(FOUR.slice(0, 1));
    consul.set('web', [A, B], 50);
    await holds(FOUR.slice(0, 2));
  });

  test('a cache that ignores index and wait is not asked in a loop', async () => {
    let count = 0;
    consul.always('web', () => {
      count += 1;
      return answer({ index: 7, entries: [A] });
    });
    start();
    await holds(FOUR.slice(0, 1));
    await wait(2_000);
    expect(count).toBeLessThanOrEqual(14);
    expect(written().filter((method) => method !== 'POST')).toEqual([]);
  });

  test('an index beyond what a float can hold is sent back to the digit', async () => {
    consul.always('web', () =>
      answer({ entries: [A], headers: { 'X-Consul-Index': '9007199254740993' }, index: null }),
    );
    start();
    await eventually(() => expect(consul.readsOf('web').at(-1)?.query.get('index')).toBe('9007199254740993'));
  });
});

describe('LIMIT', () => {
  test('Retry-After of a 429 is waited for (consul 12487)', async () => {
    await startsWith([A], FOUR.slice(0, 1));
    consul.script('web', answer({ status: 429, raw: 'too many', headers: { 'Retry-After': '1' } }));
    await eventually(() => expect(harness?.failures.length).toBe(1));
    const refused = consul.readsOf('web').at(-1);
    await eventually(() => expect(consul.readsOf('web').at(-1)).not.toBe(refused));
    const next = consul.readsOf('web').at(-1);
    expect((next?.atMs ?? 0) - (refused?.atMs ?? 0)).toBeGreaterThan(950);
  });
});

describe('TARGET and PERF: no more writes than there is news', () => {
  test('a Kong that already holds it all gets no write (deck 1556)', async () => {
    const names = [
      entry({ id: 'a', address: 'www.google.com', port: 8000 }),
      entry({ id: 'b', address: '2001:db8::1' }),
    ];
    const held = ['[2001:0db8:0000:0000:0000:0000:0000:0001]:8080=1', 'www.google.com:8000=1'];
    await startsWith(names, held);
    await harness?.stop();
    start();
    await eventually(() => expect(harness?.store.report('web')?.state).toBe('in_sync'));
    expect(written()).toEqual([]);
  });

  test('settings that are Kong’s own defaults are no difference (Kong 4883)', async () => {
    const web = {
      upstream: { algorithm: 'round-robin', slots: 10_000 },
      healthchecks: { threshold: 0, passive: { type: 'http' } },
    };
    await startsWith([A], FOUR.slice(0, 1), { upstreams: { web } });
    await harness?.stop();
    start({ upstreams: { web } });
    await eventually(() => expect(harness?.store.report('web')?.state).toBe('in_sync'));
    expect(written()).toEqual([]);
  });

  test('a service that moves a thousand times and stays the same is written once (Kong 4883, consul 3890)', async () => {
    await startsWith([A, B], FOUR.slice(0, 2));
    for (let turn = 0; turn < 1_000; turn += 1) {
      consul.set('web', turn % 2 === 0 ? [A, B] : [B, A]);
      if (turn % 100 === 0) await wait(5);
    }
    await nextPoll();
    expect(written()).toEqual([]);
  });

  test('outputs, tags, metadata and names of checks are no reason to write', async () => {
    await startsWith([A], FOUR.slice(0, 1));
    const checks = [{ id: 'service:a', status: 'passing', output: 'HTTP GET: 200 OK in 3 ms', name: 'other' }] as const;
    const same = entry({ id: 'a', address: '10.0.0.1', tags: ['blue'], meta: { version: '2' }, checks });
    consul.set('web', [same]);
    await eventually(() => expect(harness?.pool.states()[0]?.snapshot?.instances[0]?.tags).toEqual(['blue']));
    await wait(200);
    expect(written()).toEqual([]);
  });

  test('two events within ten milliseconds make one target (kong-operator 733)', async () => {
    await startsWith([A], FOUR.slice(0, 1));
    consul.set('web', [A, B]);
    await wait(10);
    consul.set('web', [A, entry({ id: 'b', address: '10.0.0.2', tags: ['again'] })]);
    await holds(FOUR.slice(0, 2));
    await wait(300);
    expect(written()).toEqual(['POST']);
  });

  test('three of four that leave are three that go (fabio 616)', async () => {
    await startsWith([A, B, C, D], FOUR);
    consul.set('web', [C]);
    await holds(FOUR.slice(2, 3));
    await wait(200);
    expect(written()).toEqual(['DELETE', 'DELETE', 'DELETE']);
  });

  test('one that goes and is back half a second later is there once (Kong 4864, 5581)', async () => {
    await startsWith([A, B, C], FOUR.slice(0, 3));
    for (let turn = 0; turn < 3; turn += 1) {
      consul.set('web', [A, B]);
      await holds(FOUR.slice(0, 2));
      consul.set('web', [A, B, C]);
      await holds(FOUR.slice(0, 3));
    }
    expect(written()).toEqual(['DELETE', 'POST', 'DELETE', 'POST', 'DELETE', 'POST']);
  });

  test('all of them replaced at once: first all new ones, then the old ones go', async () => {
    await startsWith([A, B], FOUR.slice(0, 2));
    consul.set('web', [C, D]);
    await holds(FOUR.slice(2, 4));
    expect(written()).toEqual(['POST', 'POST', 'DELETE', 'DELETE']);
  });

  test('a history of rows for one target, as Kong kept it up to 2.1, is one target: the newest (Kong 2306)', async () => {
    const stub = new StubServer();
    await stub.start();
    const id = (at: number) => `00000000-0000-4000-8000-00000000000${at}`;
    const row = (at: number, weight: number) => ({
      id: id(at),
      target: '10.0.0.1:80',
      weight,
      tags: ['kong-consul:test'],
    });
    stub.answer = ({ url = '' }) => ({
      body: JSON.stringify(
        url.includes('/targets') ? { data: [row(2, 7), row(1, 100)], next: null } : { id: id(9), name: 'web' },
      ),
    });
    const connection = { headers: {}, verify: true, timeoutMs: 1_000, concurrency: 1, writesPerSecond: 1 };
    const client = new KongClient({ adminUrl: stub.url, ...connection });
    const state = await new DatabaseDriver(client, 'test').readState('web', new AbortController().signal);
    client.close();
    await stub.stop();
    expect(state.current?.targets.map(({ target, weight }) => [target, weight])).toEqual([['10.0.0.1:80', 7]]);
  });
});

describe('STORM: a slow Kong and many changes (kubernetes-ingress-controller 2164)', () => {
  test('one instance that turned critical does not wait for a hundred new ones of another service', async () => {
    const many = (from: number) =>
      Array.from({ length: 100 }, (_, n) =>
        entry({ id: `m${from + n}`, service: 'many', address: `10.5.${from}.${n}` }),
      );
    consul.set('many', many(0));
    await startsWith([A, B, C, D], FOUR, { upstreams: { web: {}, many: {} } });
    await eventually(() => expect(kong.targets('many')).toHaveLength(100));
    kong.inject({ does: { kind: 'delay', ms: 100 } });
    consul.set('many', [...many(0), ...many(1)]);
    await eventually(() => expect(kong.targets('many').length).toBeGreaterThan(105));
    consul.set('web', [A, B, C, ill('d', '10.0.0.4')]);
    await holds(FOUR.slice(0, 3));
    expect(kong.targets('many').length).toBeLessThan(200);
  });
});

describe('OWN: what others do to what is ours', () => {
  test('an upstream whose tag somebody took away is theirs from then on, its targets are ours', async () => {
    await startsWith([A], FOUR.slice(0, 1));
    await kong.seed('PATCH', '/upstreams/web', { tags: ['theirs'], slots: 50 });
    await harness?.stop();
    start();
    consul.set('web', [A, B]);
    await holds(FOUR.slice(0, 2));
    expect(kong.admin.tables.find('upstreams', 'web')).toMatchObject({ tags: ['theirs'], slots: 50 });
    expect(harness?.store.report('web')?.notes).toContain('foreign upstream: its settings are left alone');
  });

  test('the upstream of another owner is never deleted, whatever Consul says', async () => {
    await kong.seed('POST', '/upstreams', { name: 'other', tags: ['kong-consul:prod'] });
    await kong.seed('POST', '/upstreams/other/targets', { target: '10.1.1.1:80', tags: ['kong-consul:prod'] });
    await startsWith([A], FOUR.slice(0, 1), { owner: 'pro' });
    expect(kong.targets('other')).toEqual(['10.1.1.1:80=100']);
  });
});

describe('DNS and VERSION: what is said', () => {
  test('a target that is a host name is noted, for Kong resolves it by its own rules (Kong 5550)', async () => {
    await startsWith([entry({ id: 'a', address: 'host.local' })], ['host.local:8080=1']);
    expect(harness?.store.report('web')?.notes).toEqual([expect.stringContaining('host.local:8080 is a host name')]);
  });

  test('a Consul that knows nothing at all: no upstream, and the report says why (traefik 7591)', async () => {
    await kong.seed('POST', '/services', { name: 'shop', host: 'shop.service.consul' });
    await kong.seed('POST', '/plugins', { name: 'kong-upstream-healthcheck' });
    start();
    await eventually(() =>
      expect(harness?.store.report('web')?.notes).toEqual([expect.stringContaining('no instance may get traffic yet')]),
    );
    expect(harness?.store.report('shop.service.consul')).toBeUndefined();
    expect(written()).toEqual([]);
  });
});

describe('HC-K: health checks that cannot work are refused before Kong has them', () => {
  test.each([
    [
      'no success is ever counted, so nothing recovers (Kong 7566)',
      'active: { healthy: { interval: 5, successes: 0 }, unhealthy: { interval: 5, tcp_failures: 1 } }',
    ],
    [
      'passive checks find failures, and nothing finds the recovery (apisix 3616)',
      'passive: { unhealthy: { http_failures: 3 } }, active: { healthy: { interval: 0 }, unhealthy: { interval: 0 } }',
    ],
    [
      'unhealthy ones are never probed again (Kong 5531)',
      'active: { healthy: { interval: 5, successes: 1 }, unhealthy: { interval: 0, http_failures: 1 } }',
    ],
  ])('%s', async (_, checks) => {
    const file = `upstreams: { web: { healthchecks: { ${checks} } } }\n`;
    await expect(load({ file })).rejects.toThrow(ConfigError);
  });

  test.each([
    [
      'a status in neither list freezes the counters (Kong 15001)',
      {
        active: {
          healthy: { interval: 5, successes: 1, http_statuses: [200] },
          unhealthy: { interval: 5, http_failures: 1, http_statuses: [500] },
        },
      },
    ],
  ])('warned of: %s', (_, healthchecks) => {
    expect(lintHealthChecks(healthchecks).map(({ level }) => level)).toContain('warning');
  });
});
