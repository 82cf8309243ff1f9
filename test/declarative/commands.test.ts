import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bindingsCommand } from '../../sidecar/src/cli/bindings-command.ts';
import { cleanupCommand } from '../../sidecar/src/cli/cleanup-command.ts';
import { diffCommand } from '../../sidecar/src/cli/diff-command.ts';
import { doctorCommand } from '../../sidecar/src/cli/doctor-command.ts';
import type { ExitCode } from '../../sidecar/src/cli/exit-code.ts';
import { explainCommand } from '../../sidecar/src/cli/explain-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import type { CommandIo } from '../../sidecar/src/cli/session.ts';
import { statusCommand } from '../../sidecar/src/cli/status-command.ts';
import { type CommandResult, runCommand } from '../integration/command.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';

const THEIRS = `_format_version: "2.1"
services:
- name: web
  host: web
  plugins: [{name: kong-upstream-healthcheck, config: {}}]
upstreams:
- name: theirs
  slots: 100
  targets: [{target: "10.9.9.9:80", weight: 7}]
`;
const BOUND = { plain: { upstream: { hash_on: 'header', hash_on_header: 'x-user' } }, theirs: {} };

let consul: ScriptedConsul;
let kong: KongDouble;
let folder: string;

beforeEach(async () => {
  consul = await startScriptedConsul();
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  for (const name of ['plain', 'theirs', 'web']) for (const at of [1, 2]) register(name, at);
});

afterEach(() => Promise.all([consul.stop(), kong.stop(), rm(folder, { recursive: true })]));

function register(name: string, at: number): void {
  consul.register({ ID: `${name}-${at}`, Name: name, Address: `10.0.${name.length}.${at}`, Port: 80 });
}

function run(
  upstreams: unknown,
  command: (io: CommandIo) => Promise<ExitCode>,
  options: Readonly<Record<string, unknown>> = {},
): Promise<CommandResult> {
  const kongConfig = { admin_url: kong.adminUrl, ...options };
  return runCommand({ consul: { addr: consul.url }, kong: kongConfig, upstreams }, command);
}

const flags = { dryRun: false, force: true, only: [], output: 'table' } as const;
const reconcile = (io: CommandIo) => reconcileCommand(io, flags);
const diff = (io: CommandIo) => diffCommand(io, flags);

test.each(['2.8.5', '3.4.2', '3.9.1'])('every command works on Kong %s without a database', async (version) => {
  kong = await startKongDouble({ database: 'off', version, healthUpdateMs: 0 });
  await kong.seed('POST', '/config', { config: THEIRS });
  expect(await run(BOUND, diff)).toMatchObject({ code: 2 });
  expect(await run(BOUND, reconcile)).toMatchObject({ code: 0, stdout: expect.stringContaining('8 changes written') });
  expect(kong.targets('plain')).toEqual(['10.0.5.1:80=1', '10.0.5.2:80=1']);
  expect(kong.targets('web')).toEqual(['10.0.3.1:80=1', '10.0.3.2:80=1']);
  expect(kong.targets('theirs')).toEqual(['10.0.6.1:80=1', '10.0.6.2:80=1', '10.9.9.9:80=7']);
  const theirs = kong.state.upstreams.find(({ name }) => name === 'theirs');
  expect(theirs?.entity).toMatchObject({ slots: 100, tags: null });

  kong.clearRequests();
  expect(await run(BOUND, reconcile)).toMatchObject({ code: 0, stdout: expect.stringContaining('0 changes written') });
  expect(await run(BOUND, diff)).toMatchObject({ code: 0 });
  expect(await run(BOUND, (io) => statusCommand(io, flags))).toMatchObject({ code: 0 });
  expect(await run(BOUND, (io) => explainCommand(io, 'plain', flags))).toMatchObject({ code: 0 });
  expect(await run(BOUND, (io) => bindingsCommand(io, flags))).toMatchObject({ code: 0 });
  expect(await run(BOUND, (io) => doctorCommand(io, flags))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('database off'),
  });
  expect(kong.writes()).toEqual([]);

  expect(await run({}, (io) => cleanupCommand(io, { yes: true }))).toMatchObject({ code: 0 });
  expect(kong.writes()).toHaveLength(1);
  expect(kong.state.upstreams.map(({ name }) => name)).toEqual(['theirs']);
  expect(kong.targets('theirs')).toEqual(['10.9.9.9:80=7']);
  expect(kong.state.services).toHaveLength(1);
});

test('a declarative file is loaded by reconcile, told by diff, and its plugins bind', async () => {
  kong = await startKongDouble({ database: 'off', healthUpdateMs: 0 });
  const file = path.join(folder, 'kong.yml');
  await writeFile(file, THEIRS);
  const withFile = { declarative_file: file };
  expect(await run({}, diff, withFile)).toMatchObject({ code: 2, stdout: expect.stringContaining('would be loaded') });
  expect(kong.writes()).toEqual([]);
  expect(await run({}, reconcile, withFile)).toMatchObject({ code: 0 });
  expect(kong.targets('web')).toEqual(['10.0.3.1:80=1', '10.0.3.2:80=1']);
  expect(await run({}, diff, withFile)).toMatchObject({ code: 0 });
  await writeFile(file, `${THEIRS}- name: more\n`);
  expect(await run({}, reconcile, withFile)).toMatchObject({ code: 0, stdout: expect.stringContaining('was loaded') });
  expect(kong.state.upstreams.map(({ name }) => name)).toEqual(['more', 'theirs', 'web']);
  expect(await readFile(file, 'utf8')).toBe(`${THEIRS}- name: more\n`);
});

test('an upstream of the file that was adopted is the user’s again when nothing binds it any more', async () => {
  kong = await startKongDouble({ database: 'off', healthUpdateMs: 0 });
  const file = path.join(folder, 'kong.yml');
  await writeFile(file, THEIRS);
  const withFile = { declarative_file: file };
  const theirs = () => kong.state.upstreams.find(({ name }) => name === 'theirs')?.entity;
  await run({ theirs: { adopt: true, upstream: { slots: 500 } } }, reconcile, withFile);
  expect(theirs()).toMatchObject({ slots: 500, tags: ['kong-consul:default'] });
  expect(await run({}, reconcile, withFile)).toMatchObject({ code: 0 });
  expect(theirs()).toMatchObject({ slots: 100, tags: null });
  expect(kong.targets('theirs')).toEqual(['10.9.9.9:80=7']);
});

test.each([
  ['broken', 'services: [\n', 'kong.yml:2:1: '],
  ['refused by Kong', THEIRS.replace('slots: 100', 'slots: 1'), 'kong.yml:7): slots: '],
])('a declarative file that is %s ends reconcile, with the place', async (_what, text, words) => {
  kong = await startKongDouble({ database: 'off', healthUpdateMs: 0 });
  const file = path.join(folder, 'kong.yml');
  await writeFile(file, text);
  await expect(run({}, reconcile, { declarative_file: file })).rejects.toThrow(words);
});

test('what is left when nothing is, Kong calls no configuration: cleanup is done, and no second load follows', async () => {
  kong = await startKongDouble({ database: 'off', healthUpdateMs: 0 });
  expect(await run({ plain: {} }, reconcile)).toMatchObject({ code: 0 });
  kong.clearRequests();
  const cleanup = (io: CommandIo) => cleanupCommand(io, { yes: true });
  expect(await run({}, cleanup)).toMatchObject({ code: 0, stdout: expect.stringContaining('1 upstreams cleaned up') });
  expect(kong.state.upstreams).toEqual([]);
  expect(kong.writes()).toHaveLength(1);
  expect(await run({ plain: {} }, reconcile)).toMatchObject({ code: 0 });
  expect(kong.targets('plain')).toHaveLength(2);
});
