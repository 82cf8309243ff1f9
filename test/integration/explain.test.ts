import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type RunningCli, runCli, startCli } from './cli.ts';
import { eventually } from './eventually.ts';

const TOKEN = { KONG_CONSUL_LISTEN_TOKEN: 'hush-listen' };
const CONFIG = [
  'upstreams:',
  '  web.service.consul:',
  '    healthchecks:',
  '      active: { healthy: { interval: 3600, successes: 1 }, unhealthy: { interval: 3600, http_failures: 1 } }',
  '',
].join('\n');

let consul: ConsulAgent;
let kong: KongDouble;
let sidecar: RunningCli;
let folder: string;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  await writeFile(path.join(folder, 'config.yml'), CONFIG);
  [consul, kong] = await Promise.all([startConsul(), startKongDouble()]);
  await kong.seed('POST', '/services', { name: 'web', host: 'web.service.consul' });
  await register('web-1', { Port: 8001 });
  await register('web-2', { Port: 8002, Check: { CheckID: 'web-2-http', TTL: '1h', Status: 'passing' } });
  await register('web-3', { Port: 8003 });
  await register('web-4', { Port: 8004 });
  sidecar = startCli(['run', ...places(), '--listen', '127.0.0.1:0'], TOKEN);
  await eventually(() => expect(sidecar.stderr()).toContain('status is served'));
  url = /"url":"(?<url>[^"]+)"/.exec(sidecar.stderr())?.groups?.url ?? '';
  await eventually(() => expect(kong.targets('web.service.consul')).toHaveLength(4));
  await register('web-4', {});
  await request('PUT', '/v1/agent/check/update/web-2-http', {
    Status: 'critical',
    Output: '503 \u001b[31mpool exhausted',
  });
  await eventually(() => expect(kong.targets('web.service.consul')).toEqual(['10.0.0.1:8001=1', '10.0.0.1:8003=1']));
  await kong.seed('POST', '/upstreams/web.service.consul/targets', { target: '10.9.9.9:80' });
  await kong.seed('PUT', '/upstreams/web.service.consul/targets/10.0.0.1:8003/unhealthy', {});
});

afterAll(async () => {
  sidecar.process.kill('SIGTERM');
  await sidecar.ended;
  await Promise.all([consul.dispose(), kong.stop(), rm(folder, { recursive: true })]);
});

async function register(id: string, more: Readonly<Record<string, unknown>>): Promise<void> {
  await consul.register({ ID: id, Name: 'web', Address: '10.0.0.1', ...more });
}

async function request(method: string, where: string, body: unknown): Promise<void> {
  await consul.request(method, where, body);
}

function places(): readonly string[] {
  return ['--config', path.join(folder, 'config.yml'), '--consul-addr', consul.url, '--kong-admin-url', kong.adminUrl];
}

function explain(...args: readonly string[]) {
  return runCli(['explain', ...args], TOKEN);
}

describe('explain follows each instance from Consul to Kong', () => {
  test.each(['web', 'web.service.consul'])('asked for %s', async (name) => {
    const { code, stdout } = await explain(name, ...places());
    expect(code).toBe(0);
    expect(stdout).toContain('web.service.consul  in sync');
    expect(stdout).toContain(`bound by  ${path.join(folder, 'config.yml')}:2`);
    expect(stdout).toContain('traffic   1 of 4 instances gets traffic');
    expect(stdout).toContain('Consul    service web; trusted answer just now: 4 registered, 2 healthy');
    expect(stdout).toMatch(/traffic +server-1\/web-1 +10\.0\.0\.1:8001 weight 1\n +Kong: all its checks pass, and/);
    expect(stdout).toMatch(
      /NO TRAFFIC +server-1\/web-2 +10\.0\.0\.1:8002 is not in Kong\n +Consul: check web-2-http is/,
    );
    expect(stdout).toContain('critical  web-2-http  503 pool exhausted');
    expect(stdout).toContain(
      'to do: mend what the check says: it is a target again as soon as Consul calls it passing',
    );
    expect(stdout).toContain('to do: register it with a port, or set "port" in the binding');
    expect(stdout).toMatch(/NO TRAFFIC +server-1\/web-3 .*\n +Kong: all its checks pass, but .* UNHEALTHY/);
    expect(stdout).toMatch(/NO TRAFFIC +server-1\/web-4 .*\n +Consul: it is registered without a port/);
    expect(stdout).toMatch(/only in Kong +10\.9\.9\.9:80, weight 100, Kong says HEALTHY: not ours/);
    expect(stdout).toContain('next run  writes nothing');
  });

  test.each(['10.0.0.1:8002', 'web-2', 'server-1/web-2'])(
    'asked for %s it answers for that one first',
    async (name) => {
      const { stdout } = await explain(name, ...places());
      expect(stdout).toMatch(/^NO TRAFFIC +server-1\/web-2/);
      expect(stdout).toContain('server-1/web-2');
      expect(stdout).not.toContain('server-1/web-1');
      expect(stdout).toContain('4 more: kong-consul explain web.service.consul');
    },
  );

  test('asked for a target that is no instance it answers for that one first', async () => {
    const { stdout } = await explain('10.9.9.9:80', ...places());
    expect(stdout).toMatch(/^only in Kong +10\.9\.9\.9:80, weight 100, Kong says HEALTHY: not ours/);
    expect(stdout).toContain('4 more: kong-consul explain web.service.consul');
  });

  test('one without a port is found by its address', async () => {
    await consul.register({ ID: 'web-5', Name: 'web', Address: '10.0.0.5' });
    try {
      const { stdout } = await explain('10.0.0.5', ...places());
      expect(stdout).toMatch(/^NO TRAFFIC +server-1\/web-5 +10\.0\.0\.5 is no address that Kong could use/);
    } finally {
      await consul.deregister('web-5');
    }
  });
});

test('a sidecar that runs tells the same, without Consul and Kong at hand', async () => {
  const { code, stdout } = await explain('web', '--sidecar', url);
  expect(code).toBe(0);
  expect(stdout).toMatch(/NO TRAFFIC +server-1\/web-2 +10\.0\.0\.1:8002 is not in Kong\n +Consul: check web-2-http is/);
  expect(stdout).toMatch(/trusted answer (just now|\d+ s ago): 4 registered, 2 healthy/);
  const told = JSON.parse((await explain('web', '--sidecar', url, '-o', 'json')).stdout);
  expect(told).toMatchObject({ upstreams: [{ upstream: 'web.service.consul', in_use: true }] });
});

test('what cannot be answered is one clear sentence', async () => {
  const said = async (args: readonly string[], env = {}) => {
    const { code, stdout, stderr } = await runCli(['explain', ...args], env);
    expect(code).toBe(1);
    return stdout + stderr;
  };
  expect(await said(['wbe', ...places()])).toContain('Did you mean web?');
  expect(await said(['service.consul', ...places()])).toContain('Did you mean web.service.consul?');
  expect(await said(['consul', ...places()])).toContain('Consul knows a service consul, but nothing binds it');
  expect(await said(['web', '--sidecar', url])).toContain('wants its bearer token: set KONG_CONSUL_LISTEN_TOKEN');
  expect(await said(['web', '--sidecar', 'http://127.0.0.1:9'], TOKEN)).toContain(
    'no sidecar answers at http://127.0.0.1:9',
  );
  expect(await said(['web', '--sidecar', kong.adminUrl], TOKEN)).toContain('answered 404');
  const withUser = await said(['web', '--sidecar', 'http://user:hush@127.0.0.1:9'], TOKEN);
  expect(withUser).toContain('--sidecar: expected host:port');
  expect(withUser).not.toContain('hush');
});
