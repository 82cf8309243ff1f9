import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { runCli } from './cli.ts';

let consul: ConsulAgent;
let kong: KongDouble;
let folder: string;

afterEach(async () => {
  await Promise.all([consul.dispose(), kong.stop(), rm(folder, { recursive: true })]);
});

async function doctor(config: string, env: Readonly<Record<string, string>> = {}, ...args: readonly string[]) {
  const file = path.join(folder, 'config.yml');
  await writeFile(file, config);
  const places = ['--consul-addr', consul.url, '--kong-admin-url', kong.adminUrl];
  return await runCli(['doctor', '--config', file, ...places, ...args], env);
}

async function start(acl: boolean): Promise<void> {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  [consul, kong] = await Promise.all([startConsul({ acl, maxConnectionsPerClient: 60 }), startKongDouble()]);
  await consul.register({ ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80 });
}

/** A token that may do what the rules say, and nothing else. */
async function token(rules: string): Promise<string> {
  await consul.request('PUT', '/v1/acl/policy', { Name: 'thin', Rules: rules });
  const made = await consul.request('PUT', '/v1/acl/token', { Policies: [{ Name: 'thin' }] });
  return String(Reflect.get(Object(made), 'SecretID'));
}

test('a token with too few rights is told each rule by name', async () => {
  await start(true);
  const secret = await token('service "web" { policy = "read" }');
  const config = 'upstreams: { web: {}, api: {}, pay: {} }\n';
  const { code, stdout } = await doctor(config, { CONSUL_HTTP_TOKEN: secret }, '--leader-election', 'true');
  expect(code).toBe(1);
  expect(stdout).toContain('FAIL  ACL rights: the token may not read the services api, pay');
  for (const rule of [
    'service "api" { policy = "read" }',
    'service "pay" { policy = "read" }',
    'node_prefix "" { policy = "read" }',
    'agent_prefix "" { policy = "read" }',
    'session_prefix "" { policy = "write" }',
    'key "kong-consul/default/leader" { policy = "write" }',
  ])
    expect(stdout).toContain(`           ${rule}\n`);
  expect(stdout).not.toContain('service "web" {');
  expect(stdout).not.toContain(secret);
});

test('what stands in the way of traffic is told, with the lines that mend it', async () => {
  await start(false);
  await consul.register({ ID: 'web-2', Name: 'web', Address: '10.0.0.2' });
  await kong.seed('POST', '/services', { name: 'web', host: 'web', tags: ['kong-consul:default'] });
  await kong.seed('POST', '/upstreams', { name: 'old', tags: ['kong-consul:default', 'team-a'] });
  const upstreams = Array.from({ length: 30 }, (_, at) => `  s${at}: {}\n`).join('');
  const { code, stdout } = await doctor(`upstreams:\n  web: {}\n${upstreams}`);
  expect(code).toBe(1);
  for (const line of [
    'ok    Kong: version 3.9.1, database postgres, role traditional',
    'FAIL  owner tag: 1 services carry kong-consul:default too',
    'WARN  upstream old: is ours and carries team-a too',
    '           limits { http_max_conns_per_client = 131 }\n',
    'ok    ACL rights: Consul has ACLs off',
    'ok    critical checks: can be read',
    'ok    clock of Kong: agrees with ours',
    'ok    clock of Consul: agrees with ours',
    'WARN  upstream web: 1 of 2 instances cannot be targets (no_port: server-1/web-2)',
    'WARN  upstream web: not in Kong yet, and a Kong Service has this host: Kong asks DNS for it',
    'WARN  30 upstreams (s0, s1, s10 and 27 more): no Kong Service has this host: nothing is sent to it',
  ])
    expect(stdout).toContain(line);
});

test('a Kong that answers 500 to everything is not said to be at a wrong address', async () => {
  await start(false);
  kong.inject({
    method: 'GET',
    path: /./,
    does: { kind: 'status', status: 500, body: { message: 'An unexpected error' } },
  });
  const { code, stdout } = await doctor('upstreams: { web: {} }\n');
  expect(code).toBe(1);
  expect(stdout).toContain('FAIL  Kong: Kong answered 500 to GET /: An unexpected error');
  expect(stdout).toContain('kong migrations list');
  expect(stdout).not.toContain('--kong-admin-url');
});

test('with Kong gone Consul is looked at all the same', async () => {
  await start(false);
  await kong.stop();
  const { code, stdout } = await doctor('upstreams: { web: {} }\n', {}, '--kong-timeout-seconds', '1');
  expect(code).toBe(1);
  expect(stdout).toMatch(/FAIL {2}Kong: .*gave no answer/);
  expect(stdout).toContain('kong.admin_url (--kong-admin-url, KONG_ADMIN_URL)');
  expect(stdout).toContain('ok    Consul: version 1.14.8, datacenter dc1');
});
