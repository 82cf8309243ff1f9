import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ExportFlags, exportCommand } from '../../sidecar/src/cli/export-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { runCommand } from './command.ts';

let consul: ScriptedConsul;
let kong: KongDouble;
let folder: string;

beforeEach(async () => {
  [consul, kong] = await Promise.all([startScriptedConsul(), startKongDouble({ healthUpdateMs: 0 })]);
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-export-'));
  for (const at of [2, 1, 3]) register('web', at);
  register('api', 1);
  await reconcile();
  kong.clearRequests();
});

afterEach(() => Promise.all([consul.stop(), kong.stop(), rm(folder, { recursive: true })]));

function register(name: string, at: number): void {
  consul.register({ ID: `${name}-${at}`, Name: name, Address: `10.0.0.${at}`, Port: 80 });
}

function config() {
  const upstreams = { web: { upstream: { slots: 100 } }, api: {} };
  return { consul: { addr: consul.url }, kong: { admin_url: kong.adminUrl }, upstreams };
}

function reconcile() {
  const flags = { dryRun: false, force: false, only: [], output: 'json' } as const;
  return runCommand(config(), (io) => reconcileCommand(io, flags));
}

function exported(flags: ExportFlags) {
  return runCommand(config(), (io) => exportCommand(io, flags));
}

function targetsIn(text: string): unknown {
  const { upstreams } = parse(text);
  return upstreams.map(({ name, targets }: { name: string; targets: readonly { target: string }[] }) => [
    name,
    targets.map(({ target }) => target),
  ]);
}

test('what Kong holds is exported, the same bytes each time, without Consul and without a write', async () => {
  const first = await exported({ state: 'current' });
  expect(first.code).toBe(0);
  expect(parse(first.stdout)).toMatchObject({ _info: { select_tags: ['kong-consul:default'] } });
  expect(targetsIn(first.stdout)).toEqual([
    ['api', ['10.0.0.1:80']],
    ['web', ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80']],
  ]);
  await consul.stop();
  expect((await exported({ state: 'current' })).stdout).toBe(first.stdout);
  expect(kong.writes()).toEqual([]);
});

test('what Kong should hold is exported as the next run makes it', async () => {
  register('web', 4);
  consul.deregister('web-1');
  const desired = await exported({ state: 'desired' });
  expect(desired.code).toBe(0);
  expect(kong.writes()).toEqual([]);
  expect(targetsIn(desired.stdout)).toEqual([
    ['api', ['10.0.0.1:80']],
    ['web', ['10.0.0.2:80', '10.0.0.3:80', '10.0.0.4:80']],
  ]);
  await reconcile();
  const withoutHead = (text: string) => text.replace(/^#.*\n/gm, '');
  expect(withoutHead((await exported({ state: 'current' })).stdout)).toBe(withoutHead(desired.stdout));
});

test('what the guard holds stays in, and is said', async () => {
  consul.deregister('api-1');
  const { code, stdout, log } = await exported({ state: 'desired' });
  expect(code).toBe(3);
  expect(targetsIn(stdout)).toContainEqual(['api', ['10.0.0.1:80']]);
  expect(log).toContain('api: no instance is registered any more');
});

test('an export is whole or none', async () => {
  consul.always('api', () => ({ kind: 'answer', status: 500 }));
  const outputFile = path.join(folder, 'kong.yml');
  const { code, stdout, log } = await exported({ state: 'desired', outputFile });
  expect([code, stdout, await readdir(folder)]).toEqual([1, '', []]);
  expect(log).toContain('api: ');
});

test('a file is put in the place of the old one', async () => {
  const outputFile = path.join(folder, 'kong.yml');
  const { stdout } = await exported({ state: 'current' });
  for (let times = 0; times < 2; times += 1)
    expect(await exported({ state: 'current', outputFile })).toMatchObject({ code: 0, stdout: '' });
  expect(await readFile(outputFile, 'utf8')).toBe(stdout);
  expect(await readdir(folder)).toEqual(['kong.yml']);
});
