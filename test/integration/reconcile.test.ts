import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { runCli } from './cli.ts';

let consul: ConsulAgent;
let kong: KongDouble;
let folder: string;
const SERVICES = ['alpha', 'beta', 'gamma'];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  await writeFile(path.join(folder, 'config.yml'), `upstreams:\n${SERVICES.map((name) => `  ${name}: {}\n`).join('')}`);
  [consul, kong] = await Promise.all([startConsul(), startKongDouble()]);
  for (const name of SERVICES) for (let at = 1; at <= 5; at += 1) await register(name, at);
});

afterAll(async () => {
  await Promise.all([consul.dispose(), kong.stop(), rm(folder, { recursive: true })]);
});

async function register(name: string, at: number, weight = 1): Promise<void> {
  await consul.register({
    ID: `${name}-${at}`,
    Name: name,
    Address: `10.0.${SERVICES.indexOf(name)}.${at}`,
    Port: 8080,
    Weights: { Passing: weight, Warning: 1 },
  });
}

function cli(...args: readonly string[]) {
  return runCli([
    ...args,
    '--config',
    path.join(folder, 'config.yml'),
    '--consul-addr',
    consul.url,
    '--kong-admin-url',
    kong.adminUrl,
    '--log-level',
    'error',
  ]);
}

test('three services of five instances become three upstreams and fifteen targets, once', async () => {
  const first = await cli('reconcile');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  const writes = kong.writes().map(({ method, path: where }) => `${method} ${where.replace(/[0-9a-f-]{36}/, 'ID')}`);
  expect(writes.filter((write) => write === 'POST /upstreams')).toHaveLength(3);
  expect(writes.filter((write) => write === 'POST /upstreams/ID/targets')).toHaveLength(15);
  expect(writes).toHaveLength(18);
  expect(kong.targets('alpha')).toEqual([1, 2, 3, 4, 5].map((at) => `10.0.0.${at}:8080=1`));

  kong.requests.length = 0;
  expect(await cli('reconcile')).toMatchObject({ code: 0 });
  expect(kong.writes()).toEqual([]);
  expect(await cli('diff')).toMatchObject({ code: 0, stdout: 'No differences in 3 upstreams.\n' });
  expect((await cli('status')).code).toBe(0);
});

test('one changed weight is one difference, named, and one PATCH', async () => {
  await register('beta', 2, 7);
  const diff = await cli('diff');
  expect(diff.code).toBe(2);
  expect(diff.stdout).toContain('target 10.0.1.2:8080 weight 1 -> 7');
  expect((await cli('status')).code).toBe(2);
  kong.requests.length = 0;
  expect((await cli('reconcile')).code).toBe(0);
  expect(kong.writes().map(({ method }) => method)).toEqual(['PATCH']);
});

test('--dry-run writes nothing, --only looks at nothing else', async () => {
  await register('beta', 6);
  await register('gamma', 6);
  kong.requests.length = 0;
  const dry = await cli('reconcile', '--dry-run', '--output', 'json');
  expect(kong.writes()).toEqual([]);
  expect(JSON.parse(dry.stdout).upstreams.flatMap((each: { changes: unknown[] }) => each.changes)).toHaveLength(2);
  await cli('reconcile', '--only', 'beta');
  expect(kong.targets('beta')).toHaveLength(6);
  expect(kong.targets('gamma')).toHaveLength(5);
  expect(await cli('reconcile', '--only', 'delta')).toMatchObject({ code: 1 });
});

test('config shows what is in use and where it came from, without secrets', async () => {
  const { code, stdout } = await runCli(['config', '--kong-admin-token', 'hush'], {
    CONSUL_HTTP_ADDR: 'http://u:hush@10.0.0.1:8500',
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^consul\.addr +CONSUL_HTTP_ADDR +"http:\/\/\S*10\.0\.0\.1:8500/m);
  expect(stdout).toMatch(/^kong\.admin_token +--kong-admin-token +"\*\*\*"/m);
  expect(stdout).toMatch(/^coalesce_ms +default +200$/m);
  expect(stdout).not.toContain('hush');
});

test('doctor says what is right, and how to mend what is not', async () => {
  const well = await cli('doctor');
  expect(well).toMatchObject({ code: 0 });
  expect(well.stdout).toContain('ok    Kong: version 3.9.1, database postgres');
  expect(well.stdout).toContain('limit 200 on connections of one client');
  const file = path.join(folder, 'gaps.yml');
  await writeFile(
    file,
    'upstreams:\n  alpha:\n    healthchecks: { active: { healthy: { http_statuses: [200] }, unhealthy: { http_statuses: [500] } } }\n',
  );
  const urls = ['--consul-addr', consul.url, '--kong-admin-url', kong.adminUrl];
  const gaps = await runCli(['doctor', '--config', file, ...urls]);
  expect(gaps.stdout).toMatch(/WARN {2}upstream alpha: healthchecks\.active.*503/);
  const gone = await runCli(['doctor', '--consul-addr', 'http://127.0.0.1:9', '--kong-admin-url', kong.adminUrl]);
  expect(gone).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('consul.addr (--consul-addr, CONSUL_HTTP_ADDR)'),
  });
});

test('a service that vanishes is held, exit 3, and applied with --force', async () => {
  for (let at = 1; at <= 5; at += 1) await consul.deregister(`alpha-${at}`);
  const held = await cli('reconcile');
  expect(held.code).toBe(3);
  expect(held.stdout).toContain('no instance is registered any more');
  expect(kong.targets('alpha')).toHaveLength(5);
  expect((await cli('reconcile', '--force')).code).toBe(0);
  expect(kong.targets('alpha')).toEqual([]);
});

test('cleanup asks, and deletes what is ours only', async () => {
  await kong.seed('POST', '/upstreams', { name: 'foreign', tags: ['someone'] });
  await kong.seed('POST', '/upstreams/foreign/targets', { target: '10.0.0.1:80', tags: ['kong-consul:default'] });
  await kong.seed('POST', '/upstreams/foreign/targets', { target: '10.0.0.2:80' });
  expect((await cli('cleanup')).code).toBe(1);
  expect(kong.targets('beta')).toHaveLength(6);
  expect((await cli('cleanup', '--yes')).code).toBe(0);
  expect(kong.admin.tables.all('upstreams').map(({ name }) => name)).toEqual(['foreign']);
  expect(kong.targets('foreign')).toEqual(['10.0.0.2:80=100']);
});

test.each([
  ['Kong', () => [consul.url, 'http://127.0.0.1:9'], "Kong's Admin API at http://127.0.0.1:9 gave no answer"],
  ['Consul', () => ['http://127.0.0.1:9', kong.adminUrl], 'Consul at http://127.0.0.1:9 gave no answer'],
  ['a wrong Kong', () => [consul.url, kong.proxyUrl], 'looks like the proxy port'],
] as const)('%s that does not answer is a clear sentence and exit 1', async (_, urls, sentence) => {
  const [consulUrl = '', kongUrl = ''] = urls();
  const result = await runCli([
    'reconcile',
    '--config',
    path.join(folder, 'config.yml'),
    '--consul-addr',
    consulUrl,
    '--kong-admin-url',
    kongUrl,
  ]);
  expect(result.code).toBe(1);
  expect(result.stderr + result.stdout).toContain(sentence);
});
