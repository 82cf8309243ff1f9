import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { runCli } from './cli.ts';

const BASE = `# Edits go here.
_format_version: "3.0"
services:
- name: web
  host: web.service.consul
  plugins: [{name: kong-upstream-healthcheck, config: {}}]
`;

let consul: ConsulAgent;
let kong: KongDouble;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  file = path.join(folder, 'kong.yml');
  await writeFile(path.join(folder, 'base.yml'), BASE);
  [consul, kong] = await Promise.all([startConsul(), startKongDouble({ database: 'off', healthUpdateMs: 0 })]);
  for (const at of [1, 2, 3]) await register(at);
});

afterAll(() => Promise.all([consul.dispose(), kong.stop(), rm(folder, { recursive: true })]));

async function register(at: number): Promise<void> {
  await consul.register({ ID: `web-${at}`, Name: 'web', Address: `10.0.0.${at}`, Port: 80 });
}

/** No Kong is there. */
function cli(...args: readonly string[]) {
  const kongFlags = [
    '--kong-admin-url',
    'http://127.0.0.1:9',
    '--kong-declarative-file',
    path.join(folder, 'base.yml'),
  ];
  return runCli(['reconcile', '--consul-addr', consul.url, '--log-level', 'warn', ...kongFlags, ...args]);
}

/** As `kong reload` would. */
async function loaded(): Promise<readonly string[]> {
  await kong.seed('POST', '/config', { config: await readFile(file, 'utf8') });
  return kong.targets('web.service.consul');
}

test('a file follows a real Consul, run by run, and Kong takes each one', async () => {
  const dry = await cli('--output-file', file, '--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('kong.yml would be written') });
  expect(await readdir(folder)).toEqual(['base.yml']);

  expect(await cli('--output-file', file)).toMatchObject({ code: 0, stderr: '' });
  expect(await loaded()).toEqual(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1']);
  expect(await readFile(file, 'utf8')).toContain('# Edits go here.\n_format_version: "3.0"\n');
  expect(await cli('--output-file', file)).toMatchObject({ stdout: expect.stringContaining('is as it should be') });

  await consul.deregister('web-1');
  await register(4);
  expect(await cli('--output-file', file)).toMatchObject({ code: 0, stderr: '' });
  expect(await loaded()).toEqual(['10.0.0.2:80=1', '10.0.0.3:80=1', '10.0.0.4:80=1']);
  expect((await cli('--output-file', '-')).stdout).toBe(await readFile(file, 'utf8'));

  for (const at of [2, 3, 4]) await consul.deregister(`web-${at}`);
  expect(await cli('--output-file', file)).toMatchObject({ code: 3 });
  expect(await loaded()).toHaveLength(3);
  expect(await cli('--output-file', file, '--force')).toMatchObject({ code: 0 });
  expect(await loaded()).toEqual([]);

  await consul.stop();
  expect(await cli('--output-file', file)).toMatchObject({ code: 1 });
  expect(await readdir(folder)).toEqual(['base.yml', 'kong.yml']);
});

test('a device is written to, and stays one', async () => {
  const { code, stderr } = await cli('--output-file', '/dev/null', '--sources-plugin', 'false');
  expect([code, stderr]).toEqual([0, '']);
  expect((await readdir('/dev')).filter((name) => name.includes('null'))).toEqual(['null']);
});
