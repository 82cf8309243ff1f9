import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KongClient } from '../../sidecar/src/kong/client.ts';
import { DatabaseDriver } from '../../sidecar/src/kong/database-driver.ts';
import { ListReader } from '../../sidecar/src/kong/list-reader.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';

const TAG = 'kong-consul:test';
const { signal } = new AbortController();
let kong: KongDouble;
let client: KongClient;

beforeEach(async () => {
  kong = await startKongDouble();
  const budget = { timeoutMs: 1_000, concurrency: 4, writesPerSecond: 1_000, retries: 0 };
  client = new KongClient({ adminUrl: kong.adminUrl, headers: {}, verify: true, ...budget });
  await kong.seed('POST', '/upstreams', { name: 'web', tags: [TAG] });
  await kong.seed('POST', '/upstreams/web/targets', { target: '10.0.0.1:80', tags: [TAG] });
});
afterEach(async () => {
  client.close();
  await kong.stop();
});

describe('a list that is read again', () => {
  let parsed = 0;
  const reader = () =>
    new ListReader(client, (item) => {
      parsed += 1;
      return JSON.stringify(item);
    });
  beforeEach(() => {
    parsed = 0;
  });

  test('is the same array, and not parsed, while its bytes are the same', async () => {
    const lists = reader();
    const first = await lists.read('/upstreams', signal);
    expect(await lists.read('/upstreams', signal)).toBe(first);
    expect(parsed).toBe(1);
  });

  test('has only those pages parsed that differ', async () => {
    for (let at = 0; at < 1_500; at += 1) await kong.seed('POST', '/upstreams', { name: `up-${at}` });
    const lists = reader();
    const first = await lists.read('/upstreams', signal);
    const last = JSON.parse(first.at(-1) ?? '');
    await kong.seed('PATCH', `/upstreams/${last.name}`, { slots: 11 });
    parsed = 0;
    const second = await lists.read('/upstreams', signal);
    expect(parsed).toBe(501);
    expect(second.slice(0, -1)).toEqual(first.slice(0, -1));
    expect(JSON.parse(second.at(-1) ?? '')).toMatchObject({ name: last.name, slots: 11 });
  });

  test('is parsed again once it was forgotten', async () => {
    const lists = reader();
    await lists.read('/upstreams', signal);
    lists.forgetAllBut(new Set());
    await lists.read('/upstreams', signal);
    expect(parsed).toBe(2);
  });

  test('is as it was after an error in between', async () => {
    const lists = reader();
    const first = await lists.read('/upstreams', signal);
    kong.inject({ times: 1, does: { kind: 'status', status: 500 } });
    await expect(lists.read('/upstreams', signal)).rejects.toThrow('500');
    expect(await lists.read('/upstreams', signal)).toBe(first);
  });
});

describe('all of Kong, read again', () => {
  const names = new Set(['web']);

  test('is made of the same objects while nothing differs', async () => {
    const driver = new DatabaseDriver(client, 'test');
    const first = (await driver.readStates(names, signal)).get('web');
    const ids = await driver.readOwnedIds(signal);
    const second = (await driver.readStates(names, signal)).get('web');
    expect(second?.current).toBe(first?.current);
    expect(await driver.readOwnedIds(signal)).toBe(ids);
  });

  test('keeps once what upstreams and targets have in common', async () => {
    await kong.seed('POST', '/upstreams', { name: 'api', tags: [TAG] });
    await kong.seed('POST', '/upstreams/api/targets', { target: '10.0.0.9:80', tags: [TAG] });
    const states = await new DatabaseDriver(client, 'test').readStates(new Set(['web', 'api']), signal);
    const [web, api] = ['web', 'api'].map((name) => states.get(name)?.current);
    expect(web?.settings.healthchecks).toBeDefined();
    expect(api?.settings.healthchecks).toBe(web?.settings.healthchecks);
    expect(api?.targets[0]?.tags).toBe(web?.targets[0]?.tags);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['a weight', () => kong.seed('PATCH', '/upstreams/web/targets/10.0.0.1:80', { weight: 7 })],
    ['a new target', () => kong.seed('POST', '/upstreams/web/targets', { target: '10.0.0.2:80' })],
    ['a target gone', () => kong.seed('DELETE', '/upstreams/web/targets/10.0.0.1:80', {})],
    ['a setting', () => kong.seed('PATCH', '/upstreams/web', { slots: 11 })],
  ])('shows %s', async (_what, edit) => {
    const driver = new DatabaseDriver(client, 'test');
    await driver.readStates(names, signal);
    await edit();
    const again = (await driver.readStates(names, signal)).get('web');
    expect(again).toEqual((await new DatabaseDriver(client, 'test').readStates(names, signal)).get('web'));
  });
});
