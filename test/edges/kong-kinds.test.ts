import { afterEach, describe, expect, test } from 'vitest';
import { parseRelease } from '../../sidecar/src/core/release.ts';
import { KongClient, type KongConnection } from '../../sidecar/src/kong/client.ts';
import { DatabaseDriver } from '../../sidecar/src/kong/database-driver.ts';
import { parsePage } from '../../sidecar/src/kong/entities.ts';
import { EntityUpdate } from '../../sidecar/src/kong/entity-update.ts';
import { KongChangedError } from '../../sidecar/src/kong/errors.ts';
import { readKongInfo } from '../../sidecar/src/kong/info.ts';
import { type KongDouble, type KongDoubleOptions, startKongDouble } from '../kong-double/kong-double.ts';

const KONNECT = {
  basePath: '/v2/control-planes/9524ec7d/core-entities',
  bearerToken: 'kpat_1',
  patchStatus: 404,
} as const;
const { signal } = new AbortController();
let kong: KongDouble;

afterEach(() => kong.stop());

async function start(options: KongDoubleOptions, connection: Partial<KongConnection> = {}): Promise<KongClient> {
  kong = await startKongDouble(options);
  return connect(options.konnect?.basePath, connection);
}

function connect(basePath = '', connection: Partial<KongConnection> = {}): KongClient {
  const headers = { Authorization: `Bearer ${KONNECT.bearerToken}` };
  const budget = { timeoutMs: 1_000, concurrency: 4, writesPerSecond: 1_000 };
  return new KongClient({ adminUrl: kong.adminUrl + basePath, headers, verify: true, ...budget, ...connection });
}

const company = { onChange: () => {}, isOvertaken: () => false };

describe.each<[string, KongDoubleOptions]>([
  ['Kong 2.8', { version: '2.8.5' }],
  ['Kong 3.0', { version: '3.0.2' }],
  ['Kong 3.9', { version: '3.9.1' }],
  ['Konnect', { konnect: KONNECT }],
])('on %s what another made meanwhile', (_, options) => {
  test('is left alone, when it is a target', async () => {
    const driver = new DatabaseDriver(await start(options), 'test', parseRelease(options.version ?? ''));
    await kong.seed('POST', '/upstreams', { name: 'web', tags: ['kong-consul:test'] });
    const state = await driver.readState('web', signal);
    await kong.seed('POST', '/upstreams/web/targets', { target: '10.0.0.1:80', weight: 7, tags: ['other'] });
    const add = { target: '10.0.0.1:80', weight: 1, reason: '' };
    const written = await driver.apply([{ kind: 'add-target', upstream: 'web', ...add }], state, signal, company);
    expect(written.current?.targets).toMatchObject([{ target: '10.0.0.1:80', weight: 7, tags: ['other'] }]);
    expect(kong.state.upstreams[0]?.targets).toMatchObject([{ weight: 7, tags: ['other'] }]);
  });

  test('is read again, when it is an upstream', async () => {
    const driver = new DatabaseDriver(await start(options), 'test', parseRelease(options.version ?? ''));
    const state = await driver.readState('web', signal);
    const theirs = await kong.seed('POST', '/upstreams', { name: 'web' });
    const create = {
      kind: 'create-upstream',
      upstream: 'web',
      staged: false,
      body: { name: 'web', slots: 10 },
    } as const;
    await expect(driver.apply([create], state, signal, company)).rejects.toThrow(KongChangedError);
    expect(kong.admin.tables.find('upstreams', 'web')).toEqual(theirs);
  });
});

test.each([404, 405] as const)(
  'where PATCH is %i the whole object goes back, and PATCH is tried once',
  async (patchStatus) => {
    const client = await start({ konnect: { ...KONNECT, patchStatus } });
    const before = await kong.seed('POST', '/upstreams', {
      name: 'web',
      tags: ['a', 'kong-consul:test'],
      host_header: 'web.example',
      slots: 100,
      healthchecks: { threshold: 10, active: { http_path: '/up', headers: { a: ['b'] } } },
    });
    const update = new EntityUpdate(client);
    const path = `/upstreams/${String(before.id)}`;
    await update.send({ path, patch: { healthchecks: { active: { timeout: 9 } } }, upstream: 'web' }, signal);
    await update.send({ path, patch: { slots: 200 }, upstream: 'web' }, signal);
    const healthchecks = expect.objectContaining({
      threshold: 10,
      active: expect.objectContaining({ http_path: '/up', headers: { a: ['b'] }, timeout: 9 }),
    });
    const { updated_at: _, ...kept } = before;
    expect(kong.admin.tables.find('upstreams', 'web')).toMatchObject({ ...kept, healthchecks, slots: 200 });
    expect(kong.requests.map(({ method }) => method)).toEqual(['PATCH', 'GET', 'PUT', 'GET', 'PUT']);
    await kong.seed('DELETE', '/upstreams/web', {});
    expect(await update.send({ path, patch: {}, upstream: 'web' }, signal)).toMatchObject({ status: 404 });
    expect(kong.state.upstreams).toEqual([]);
  },
);

test('a PATCH of what is gone is 404, and no reason to think that there is no PATCH', async () => {
  const update = new EntityUpdate(await start({}));
  const path = '/upstreams/9524ec7d-36d9-465d-a8c5-83a3c9390458';
  expect(await update.send({ path, patch: { slots: 10 }, upstream: 'a' }, signal)).toMatchObject({ status: 404 });
  const { id } = await kong.seed('POST', '/upstreams', { name: 'a' });
  await update.send({ path: `/upstreams/${String(id)}`, patch: { slots: 10 }, upstream: 'a' }, signal);
  expect(kong.writes().map(({ method }) => method)).toEqual(['PATCH', 'PATCH']);
});

describe('what kind of Kong it is', () => {
  test.each([
    ['the root', {}, {}, { version: '3.9.1', database: 'postgres', role: 'traditional' }],
    ['the root of 2.8', { version: '2.8.5' }, {}, { version: '2.8.5', database: 'postgres' }],
    ['/kong below a workspace', { workspaces: ['team'] }, { workspace: 'team' }, { database: 'postgres' }],
    [
      'its list of upstreams',
      { konnect: KONNECT },
      {},
      { version: 'unknown', database: 'unknown', plugins: undefined },
    ],
  ] as const)('is known by %s', async (_, options, connection, info) => {
    expect(await readKongInfo(await start(options, connection), signal)).toMatchObject(info);
  });

  test('is known by its list and its header where RBAC keeps the root from us', async () => {
    const client = await start({ version: '3.4.3' });
    kong.inject({
      path: /^\/$/,
      does: { kind: 'status', status: 403, body: { message: 'you do not have permissions' } },
    });
    expect(await readKongInfo(client, signal)).toMatchObject({ version: '3.4.3', database: 'unknown' });
  });

  test('and a wrong token and a wrong base path are said in words', async () => {
    await start({ konnect: KONNECT });
    const wrongToken = connect(KONNECT.basePath, { headers: {} });
    await expect(readKongInfo(wrongToken, signal)).rejects.toThrow('access denied (401)');
    await expect(readKongInfo(connect('/v2'), signal)).rejects.toThrow('looks like the proxy port');
  });
});

/** Where the next page starts, in the ways in which it is told. */
test.each([
  [{ data: [], next: null }, undefined],
  [{ data: {}, next: null }, undefined],
  [{ data: [] }, undefined],
  [{ data: [], next: null, offset: null }, undefined],
  [{ data: [], next: '', offset: '' }, undefined],
  [{ data: [], next: '/upstreams?offset=abc&size=5', offset: 'abc' }, 'abc'],
  [{ data: [], next: '/upstreams/a/targets?offset=5', offset: 5 }, '5'],
  [{ data: [], next: '/team/upstreams?offset=a%3Db' }, 'a=b'],
  [{ data: [], next: 'https://host/v2/core-entities/upstreams?size=5&offset=abc' }, 'abc'],
])('the page %j goes on at %s', async (body, offset) => {
  kong = await startKongDouble();
  expect(parsePage({ status: 200, body, server: undefined }).offset).toBe(offset);
});
