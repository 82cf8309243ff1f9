import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KongClient, type KongConnection } from '../../sidecar/src/kong/client.ts';
import { DatabaseDriver } from '../../sidecar/src/kong/database-driver.ts';
import { readAll } from '../../sidecar/src/kong/paging.ts';
import { kongPath } from '../../sidecar/src/kong/path.ts';
import { type KongDouble, type KongDoubleOptions, startKongDouble } from '../kong-double/kong-double.ts';

let kong: KongDouble;
const signal = new AbortController().signal;

beforeEach(() => start({}));
afterEach(() => kong.stop());

async function start(options: KongDoubleOptions): Promise<void> {
  kong = await startKongDouble(options);
}

function connect(connection: Partial<KongConnection> = {}): KongClient {
  return new KongClient({
    adminUrl: kong.adminUrl,
    headers: {},
    verify: true,
    timeoutMs: 1_000,
    concurrency: 4,
    writesPerSecond: 1_000,
    ...connection,
  });
}

describe('a request', () => {
  test('carries headers, the admin token and basic authentication, below the workspace and the base path', async () => {
    await kong.stop();
    await start({ adminToken: 'token-1', workspaces: ['team'] });
    const withAuth = kong.adminUrl.replace('http://', 'http://user:pass@');
    const client = connect({
      adminUrl: withAuth,
      headers: { 'X-Team': 'a' },
      adminToken: 'token-1',
      workspace: 'team',
    });
    await client.request({ method: 'GET', path: '/upstreams' }, signal);
    expect(kong.requests[0]).toMatchObject({
      path: '/upstreams',
      headers: {
        'x-team': 'a',
        'kong-admin-token': 'token-1',
        authorization: `Basic ${Buffer.from('user:pass').toString('base64')}`,
      },
    });
    expect(client.displayUrl).toBe(kong.adminUrl);
  });

  test('that fails names no secret', async () => {
    const client = connect({
      adminUrl: 'http://user:hush@127.0.0.1:9/base',
      adminToken: 'hush',
      headers: { Authorization: 'hush' },
    });
    const error: unknown = await client
      .request({ method: 'GET', path: '/' }, signal)
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('http://127.0.0.1:9/base gave no answer');
    expect(JSON.stringify([String(error), error])).not.toContain('hush');
  });

  test.each([
    ['..', /not a name/],
    ['.', /not a name/],
    ['', /not a name/],
  ])('a segment %j is refused', (segment, message) => {
    expect(() => kongPath('upstreams', segment)).toThrow(message);
  });

  test('a name with a path in it stays a name', () => {
    expect(kongPath('upstreams', '../../services?x#y')).toBe('/upstreams/..%2F..%2Fservices%3Fx%23y');
  });

  test('is not retried when Kong refuses it', async () => {
    await expect(
      connect().request({ method: 'POST', path: '/upstreams', body: { name: 'a b' } }, signal),
    ).rejects.toThrow('must be a valid hostname');
    expect(kong.requests).toHaveLength(1);
  });

  test('that is slow ends at its deadline', async () => {
    kong.inject({ does: { kind: 'delay', ms: 500 } });
    await expect(connect({ timeoutMs: 20 }).request({ method: 'GET', path: '/' }, signal)).rejects.toThrow(
      'nothing came within 20 ms',
    );
  });

  test('ends with its signal', async () => {
    kong.inject({ does: { kind: 'delay', ms: 500 } });
    const stop = new AbortController();
    const request = connect().request({ method: 'GET', path: '/' }, stop.signal);
    stop.abort(new Error('enough'));
    await expect(request).rejects.toThrow('enough');
  });
});

describe('lists', () => {
  test('are read to their end, nested ones too, whose next drops the size', async () => {
    await kong.seed('POST', '/upstreams', { name: 'web' });
    for (let at = 0; at < 2_100; at += 1) {
      await kong.seed('POST', '/upstreams/web/targets', {
        target: `10.${Math.floor(at / 250)}.0.${at % 250}:80`,
        tags: ['kong-consul:test'],
      });
    }
    const upstream = kong.admin.tables.find('upstreams', 'web');
    const targets = await readAll(connect(), `/upstreams/${String(upstream?.id)}/targets`, signal);
    expect(new Set(targets.map((target) => JSON.stringify(target))).size).toBe(2_100);
    expect(kong.requests.map(({ path }) => path.includes('size=1000'))).toEqual([true, true, true]);
    const ids = await new DatabaseDriver(connect(), 'test').readOwnedIds(signal);
    expect(ids?.size).toBe(2_100);
  });

  test('that break off in the middle are no list', async () => {
    for (let at = 0; at < 1_001; at += 1) await kong.seed('POST', '/upstreams', { name: `up-${at}` });
    kong.inject({ path: /offset/, does: { kind: 'status', status: 404 } });
    await expect(readAll(connect(), '/upstreams', signal)).rejects.toThrow('404');
  });

  test('without pages at all are an error', async () => {
    kong.inject({ does: { kind: 'status', status: 200, body: { welcome: true } } });
    await expect(readAll(connect(), '/upstreams', signal)).rejects.toThrow(
      "does not answer a list as Kong's Admin API",
    );
  });
});
