import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type RunningCli, runCli, startCli } from '../integration/cli.ts';
import { eventually } from '../integration/eventually.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { ask, Instance } from './traffic.ts';

/**
 * From a registration in a real Consul to an answer through Kong's proxy. `KONG_ADMIN_URL` and `KONG_PROXY_URL` name a real
 * Kong: one with a database, a control plane and the proxy of its data plane, or one without a database, whose whole
 * configuration is replaced. Without them the same runs on the double. Everything made here carries the owner `e2e` or a
 * name that starts with `e2e-`, and is removed at the end.
 */
const HOST = 'e2e-web.service.consul';
const instances = ['one', 'two', 'three'].map((id) => new Instance(id));
let double: KongDouble | undefined;
let adminUrl = process.env.KONG_ADMIN_URL ?? '';
let proxyUrl = process.env.KONG_PROXY_URL ?? '';
let consul: ConsulAgent;
let sidecar: RunningCli;
let folder: string;

beforeAll(async () => {
  if (adminUrl === '') {
    double = await startKongDouble({ balancerDelayMs: 200 });
    ({ adminUrl, proxyUrl } = double);
  }
  consul = await startConsul();
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-e2e-'));
  await writeFile(
    path.join(folder, 'config.yml'),
    `owner: e2e\nsources: { plugin: true }\nupstreams:\n  ${HOST}: {}\n`,
  );
  await Promise.all(instances.map((instance) => instance.listen()));
  await addService();
});

afterAll(async () => {
  sidecar?.process.kill('SIGTERM');
  await sidecar?.ended;
  await removeService();
  await runCli(['cleanup', '--yes', ...flags()]);
  await Promise.all([...instances.map((instance) => instance.stop()), consul.dispose(), double?.stop()]);
  await rm(folder, { recursive: true });
});

function flags(): readonly string[] {
  return ['--config', path.join(folder, 'config.yml'), '--consul-addr', consul.url, '--kong-admin-url', adminUrl];
}

async function addService(): Promise<void> {
  const route = { name: 'e2e-web', paths: ['/e2e-web'] };
  const service = { name: 'e2e-web', host: HOST, retries: 0 };
  if (await isDeclarative()) return load({ services: [{ ...service, routes: [route] }] });
  await kong('PUT', '/services/e2e-web', service);
  await kong('PUT', '/services/e2e-web/routes/e2e-web', { paths: route.paths });
}

async function removeService(): Promise<void> {
  if (await isDeclarative()) return load({});
  await kong('DELETE', '/services/e2e-web/routes/e2e-web');
  await kong('DELETE', '/services/e2e-web');
}

async function isDeclarative(): Promise<boolean> {
  return JSON.stringify(await kong('GET', '/')).includes('"database":"off"');
}

async function load(entities: object): Promise<void> {
  await kong('POST', '/config', { config: JSON.stringify({ _format_version: '3.0', ...entities }) });
}

async function kong(method: string, target: string, body?: unknown): Promise<unknown> {
  const payload =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const answer = await fetch(adminUrl + target, { method, ...payload });
  const text = await answer.text();
  if (answer.status >= 400) throw new Error(`${method} ${target}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function register(instance: Instance | undefined, weight = 1): Promise<void> {
  if (instance === undefined) throw new Error('no such instance');
  const { id, port } = instance;
  const Check = { CheckID: `check-${id}`, TTL: '1h', Status: 'passing' };
  await consul.register({
    ID: id,
    Name: 'e2e-web',
    Address: '127.0.0.1',
    Port: port,
    Weights: { Passing: weight, Warning: 1 },
    Check,
  });
}

async function answering(...expected: readonly string[]): Promise<void> {
  await eventually(async () => {
    const answers = await ask(`${proxyUrl}/e2e-web`, 30);
    expect([...answers.keys()].sort()).toEqual([...expected].sort());
  });
}

describe('through the proxy', () => {
  test('the registered instances answer', async () => {
    for (const instance of instances) await register(instance);
    sidecar = startCli(['run', '--listen', 'off', ...flags()]);
    await answering('one', 'two', 'three');
  });

  test('one that is critical, or in maintenance, does not', async () => {
    await consul.setCheck('check-one', 'critical');
    await answering('two', 'three');
    await consul.setCheck('check-one', 'passing');
    await answering('one', 'two', 'three');
    await consul.maintenance('three', true);
    await answering('one', 'two');
    await consul.maintenance('three', false);
    await answering('one', 'two', 'three');
  });

  test('weights are followed', async () => {
    await register(instances[0], 8);
    await eventually(async () => {
      const answers = await ask(`${proxyUrl}/e2e-web`, 100);
      expect(answers.get('one')).toBeGreaterThanOrEqual(70);
    });
    await register(instances[0]);
  });

  test('all critical: all stay, and no request fails', async () => {
    for (const { id } of instances) await consul.setCheck(`check-${id}`, 'critical');
    await answering('one', 'two', 'three');
    for (const { id } of instances) await consul.setCheck(`check-${id}`, 'passing');
  });

  test('a rolling replacement under load fails no request', async () => {
    await answering('one', 'two', 'three');
    const fresh = ['four', 'five', 'six'].map((id) => new Instance(id));
    await Promise.all(fresh.map((instance) => instance.listen()));
    const state = { done: false };
    const load = (async () => {
      const bad: string[] = [];
      while (!state.done) {
        const answers = await ask(`${proxyUrl}/e2e-web`, 1);
        bad.push(...[...answers.keys()].filter((who) => who.startsWith('status')));
      }
      return bad;
    })();
    for (const [at, instance] of fresh.entries()) {
      await register(instance);
      await consul.deregister(instances[at]?.id ?? '');
    }
    await answering('four', 'five', 'six');
    state.done = true;
    expect(await load).toEqual([]);
    await Promise.all(fresh.map((instance) => instance.stop()));
  });

  test('nothing differs afterwards, and a second run writes nothing', async () => {
    expect((await runCli(['diff', ...flags()])).code).toBe(0);
  });
});
