import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { entry } from './catalog.ts';
import { type ScriptedConsul, startScriptedConsul } from './scripted-consul.ts';

const A = entry({ id: 'a' });
const B = entry({ id: 'b' });

let consul: ScriptedConsul;

beforeEach(async () => {
  consul = await startScriptedConsul({ maxConnectionsPerClient: 3 });
});

afterEach(() => consul.stop());

test('a query blocks until its service changes', async () => {
  consul.set('web', [A]);
  const { index, body } = await read('web');
  expect(body).toEqual([A]);
  const blocked = read('web', `index=${index}&wait=10s`);
  consul.set('other', [B]);
  expect(await Promise.race([blocked, wait(100)])).toBeUndefined();
  consul.set('web', [A, B]);
  expect((await blocked).body).toEqual([A, B]);
});

test('a query blocks for its wait when nothing changes, also below an index that went back', async () => {
  consul.set('web', [A], 500);
  const startMs = performance.now();
  expect((await read('web', 'index=500&wait=100ms')).index).toBe('500');
  consul.set('web', [A], 7);
  expect((await read('web', 'index=500&wait=100ms')).index).toBe('7');
  expect(performance.now() - startMs).toBeGreaterThan(195);
});

test('a script interrupts whoever waits, each answer once', async () => {
  consul.set('web', [A]);
  const blocked = read('web', 'index=1000&wait=10s');
  await wait(50);
  consul.script(
    'web',
    { kind: 'answer', status: 500, raw: 'No cluster leader' },
    { kind: 'answer', index: null, headers: { 'X-Consul-Results-Filtered-By-ACLs': 'true' }, delayMs: 50 },
  );
  expect(await blocked).toMatchObject({ status: 500, body: 'No cluster leader' });
  const second = await read('web');
  expect(second).toMatchObject({ status: 200, index: null, body: [A] });
  expect(second.headers.get('x-consul-results-filtered-by-acls')).toBe('true');
  expect((await read('web')).index).toBe('11');
});

test.each(['reset', 'half'] as const)('a connection ends early: %s', async (kind) => {
  consul.script('web', { kind });
  await expect(read('web')).rejects.toThrow(/fetch failed|terminated/);
});

test('an answer never comes', async () => {
  consul.script('web', { kind: 'never' });
  await expect(read('web', '', AbortSignal.timeout(100))).rejects.toThrow('timeout');
});

test('churn moves the index and nothing else', async () => {
  consul.set('web', [A]);
  const end = consul.churn('web', 1);
  const first = await read('web');
  const second = await read('web', `index=${first.index}&wait=5s`);
  end();
  expect(Number(second.index)).toBeGreaterThan(Number(first.index));
  expect(second.body).toEqual(first.body);
});

test('connections past the limit get 429, and the most at once are counted', async () => {
  const agent = new http.Agent({ keepAlive: true });
  const status = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const target = `${consul.url}/v1/health/service/web?index=99&wait=100ms`;
      http.get(target, { agent }, (answer) => resolve(answer.resume().statusCode)).once('error', reject);
    });
  const all = await Promise.all([status(), status(), status(), status(), status()]);
  agent.destroy();
  expect(all.sort()).toEqual([200, 200, 200, 429, 429]);
  expect(consul.connections.most).toBe(3);
  expect(consul.connections.refused).toBe(2);
});

test('what it holds outlives a stop, and requests are recorded', async () => {
  consul.register({ Name: 'web', Port: 80, Check: { Status: 'passing' } });
  await consul.stop();
  await expect(read('web')).rejects.toThrow('fetch failed');
  await consul.listen();
  expect((await read('web', 'tag=v1')).body).toHaveLength(1);
  expect(consul.readsOf('web')).toMatchObject([{ method: 'GET', path: '/v1/health/service/web' }]);
  expect(consul.readsOf('web')[0]?.query.get('tag')).toBe('v1');
});

test('the catalog names services that have instances', async () => {
  consul.set('gone', []);
  consul.set('web', [A]);
  const answer = await fetch(`${consul.url}/v1/catalog/services`);
  expect(Object.keys(JSON.parse(await answer.text()))).toEqual(['consul', 'web']);
});

test('a lock held by an ended session is free, and a waiting reader is told', async () => {
  const [first, second] = [consul.locks.createSession({}), consul.locks.createSession({})];
  expect(consul.locks.acquire('lead', 'a', first)).toBe(true);
  expect(consul.locks.acquire('lead', 'b', second)).toBe(false);
  const index = consul.locks.read('lead')?.index;
  const blocked = fetch(`${consul.url}/v1/kv/lead?index=${index}&wait=10s`);
  consul.locks.endSession(first);
  expect(await (await blocked).text()).not.toContain('Session');
  expect(consul.locks.acquire('lead', 'b', second)).toBe(true);
});

interface Reading {
  readonly status: number;
  readonly index: string | null;
  readonly headers: Headers;
  readonly body: unknown;
}

async function read(service: string, query = '', signal?: AbortSignal): Promise<Reading> {
  const target = `${consul.url}/v1/health/service/${service}?${query}`;
  const answer = await fetch(target, signal === undefined ? {} : { signal });
  const text = await answer.text();
  const body: unknown = answer.ok ? JSON.parse(text) : text;
  return { status: answer.status, index: answer.headers.get('x-consul-index'), headers: answer.headers, body };
}
