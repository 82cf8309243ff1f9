import { expect } from 'vitest';
import { bindingsCommand } from '../../sidecar/src/cli/bindings-command.ts';
import { cleanupCommand } from '../../sidecar/src/cli/cleanup-command.ts';
import { diffCommand } from '../../sidecar/src/cli/diff-command.ts';
import { doctorCommand } from '../../sidecar/src/cli/doctor-command.ts';
import type { ExitCode } from '../../sidecar/src/cli/exit-code.ts';
import { explainCommand } from '../../sidecar/src/cli/explain-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import { runCommand as followCommand } from '../../sidecar/src/cli/run-command.ts';
import type { CommandIo } from '../../sidecar/src/cli/session.ts';
import { statusCommand } from '../../sidecar/src/cli/status-command.ts';
import type { KongDouble } from '../kong-double/kong-double.ts';
import type { ScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { runCommand } from './command.ts';
import { eventually } from './eventually.ts';

export interface Stage {
  readonly consul: ScriptedConsul;
  readonly kong: KongDouble;
  /** Where its entities are; undefined is the default workspace. */
  readonly workspace?: string;
  /** The `kong:` part of the config file. */
  readonly kongConfig: Readonly<Record<string, unknown>>;
}

/** What `run` does by the minute, it does at once. */
const QUICK = { listen: 'off', coalesce_ms: 10, owner_check_seconds: 0.2, resync_seconds: 0.5 };
const SETTINGS = {
  upstream: { hash_on: 'header', hash_on_header: 'x-user' },
  healthchecks: { active: { healthy: { interval: 5, successes: 1 }, unhealthy: { interval: 5, http_failures: 2 } } },
};

/**
 * The main scenario, the same for every Kong: a fresh upstream, one that is in use, one that is foreign; weights,
 * settings, an instance that leaves, a hand edit, every command that only looks, and cleanup.
 */
export async function everyCommand(stage: Stage): Promise<void> {
  const { consul, kong, workspace } = stage;
  const { tables } = kong.adminOf(workspace);
  const upstream = (name: string) => tables.find('upstreams', name);
  const targets = (name: string) => [...kong.targets(name, workspace)].sort();
  const config = { consul: { addr: consul.url }, kong: stage.kongConfig, ...QUICK };
  const run = (upstreams: unknown, command: Command) => runCommand({ ...config, upstreams }, command);
  const bound = { plain: SETTINGS, used: {}, foreign: {} };
  const foreign = await kong.seed('POST', '/upstreams', { name: 'foreign', slots: 100, tags: ['other'] }, workspace);
  await kong.seed('POST', '/upstreams/foreign/targets', { target: '10.9.9.9:80', weight: 7 }, workspace);
  await kong.seed('POST', '/services', { name: 'used', host: 'used' }, workspace);
  for (const at of [1, 2, 3, 4, 5]) for (const name of ['plain', 'used', 'foreign']) register(consul, name, at);

  expect(await run(bound, diff)).toMatchObject({ code: 2 });
  expect(await run(bound, reconcile)).toMatchObject({ code: 0, stdout: expect.stringContaining('18 changes written') });
  expect([targets('plain'), targets('used')]).toEqual([five('plain'), five('used')]);
  expect(targets('foreign')).toEqual([...five('foreign'), '10.9.9.9:80=7']);
  expect(upstream('plain')).toMatchObject({ hash_on: 'header', tags: ['kong-consul:default'] });
  expect(upstream('foreign')).toEqual(foreign);

  kong.clearRequests();
  expect(await run(bound, reconcile)).toMatchObject({ code: 0 });
  expect(await run(bound, diff)).toMatchObject({ code: 0 });
  expect(await run(bound, status)).toMatchObject({ code: 0, stdout: expect.stringContaining('in_sync') });
  expect(kong.writes()).toEqual([]);

  register(consul, 'plain', 2, 7);
  consul.deregister('used-1');
  await kong.seed('PATCH', '/upstreams/plain', { slots: 1000 }, workspace);
  const changed = { ...bound, plain: { ...SETTINGS, upstream: { algorithm: 'least-connections' } } };
  expect(await run(changed, reconcile)).toMatchObject({ code: 0 });
  expect(targets('plain')).toContain('10.0.5.2:80=7');
  expect(targets('used')).toEqual(five('used').slice(1));
  expect(upstream('plain')).toMatchObject({
    slots: 10_000,
    algorithm: 'least-connections',
    hash_on: 'none',
    healthchecks: { active: { healthy: { interval: 5 }, unhealthy: { http_failures: 2 } } },
  });

  expect(await run(changed, explain)).toMatchObject({ code: 0, stdout: expect.stringContaining('10.0.5.2:80') });
  expect(await run(changed, bindings)).toMatchObject({ code: 0, stdout: expect.stringContaining('plain') });
  expect(await run(changed, doctor)).toMatchObject({ code: 0, stdout: expect.not.stringContaining('FAIL') });

  const stop = new AbortController();
  const running = runCommand({ ...config, upstreams: changed }, follow, stop);
  register(consul, 'plain', 6);
  await eventually(() => expect(targets('plain')).toContain('10.0.5.6:80=1'));
  consul.deregister('plain-6');
  await eventually(() => expect(targets('plain')).not.toContain('10.0.5.6:80=1'));
  const lost = upstream('used');
  if (lost !== undefined) tables.remove('upstreams', lost);
  await eventually(() => expect(targets('used')).toEqual(five('used').slice(1)));
  stop.abort(new Error('seen enough'));
  expect(await running).toMatchObject({ code: 0, log: expect.not.stringContaining('"level":50') });

  expect(await run({}, cleanup)).toMatchObject({ code: 0, stdout: expect.stringContaining('3 upstreams cleaned up') });
  expect(tables.all('upstreams').map(({ name }) => name)).toEqual(['foreign']);
  expect(targets('foreign')).toEqual(['10.9.9.9:80=7']);
}

type Command = (io: CommandIo) => Promise<ExitCode>;

const reconcile: Command = (io) => reconcileCommand(io, { dryRun: false, force: true, only: [], output: 'table' });
const follow: Command = (io) => followCommand(io, { dryRun: false });
const diff: Command = (io) => diffCommand(io, { only: [], output: 'table' });
const status: Command = (io) => statusCommand(io, { output: 'table' });
const explain: Command = (io) => explainCommand(io, 'plain', { output: 'table' });
const bindings: Command = (io) => bindingsCommand(io, { output: 'table' });
const doctor: Command = (io) => doctorCommand(io, { output: 'table' });
const cleanup: Command = (io) => cleanupCommand(io, { yes: true });

/** The third part of an address is the length of the name. */
function register(consul: ScriptedConsul, name: string, at: number, weight = 1): void {
  const address = { Address: `10.0.${name.length}.${at}`, Port: 80, Weights: { Passing: weight, Warning: 1 } };
  consul.register({ ID: `${name}-${at}`, Name: name, ...address });
}

function five(name: string): readonly string[] {
  return [1, 2, 3, 4, 5].map((at) => `10.0.${name.length}.${at}:80=1`);
}
