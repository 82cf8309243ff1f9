import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cleanupCommand } from '../../sidecar/src/cli/cleanup-command.ts';
import { doctorCommand } from '../../sidecar/src/cli/doctor-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import { runCommand as runForEver } from '../../sidecar/src/cli/run-command.ts';
import type { CommandIo } from '../../sidecar/src/cli/session.ts';
import { statusCommand } from '../../sidecar/src/cli/status-command.ts';
import { type CommandResult, runCommand } from '../integration/command.ts';
import { eventually } from '../integration/eventually.ts';
import { type KongDouble, type KongDoubleOptions, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';

const THEIRS = '_format_version: "3.0"\nservices:\n- {name: web, host: web}\n';
const flags = { dryRun: false, force: false, only: [], output: 'json' } as const;

let consul: ScriptedConsul;
let kongs: KongDouble[];
let stop: AbortController;
let running: Promise<unknown> | undefined;

beforeEach(async () => {
  consul = await startScriptedConsul();
  kongs = [];
  stop = new AbortController();
  setMaxListeners(0, stop.signal);
});

afterEach(async () => {
  stop.abort(new Error('test is over'));
  await running;
  running = undefined;
  await Promise.all([consul.stop(), ...kongs.map((kong) => kong.stop())]);
});

async function startKongs(...options: readonly KongDoubleOptions[]): Promise<readonly KongDouble[]> {
  kongs = await Promise.all(options.map((each) => startKongDouble({ healthUpdateMs: 0, ...each })));
  return kongs;
}

function config() {
  const admin_url = kongs.map(({ adminUrl }) => adminUrl);
  return {
    consul: { addr: consul.url },
    kong: { admin_url, declarative_debounce_ms: 50 },
    listen: 'off',
    upstreams: { web: {} },
  };
}

function once(command: (io: CommandIo) => Promise<0 | 1 | 2 | 3>): Promise<CommandResult> {
  return runCommand(config(), command);
}

function follow(): void {
  running = runCommand(config(), (io) => runForEver({ ...io, signal: stop.signal }, { dryRun: false })).catch(() => {});
}

function checksOf({ stdout }: CommandResult): readonly { readonly check: string; readonly level: string }[] {
  return JSON.parse(stdout).checks;
}

function register(at: number): void {
  consul.register({ ID: `web-${at}`, Name: 'web', Address: `10.0.0.${at}`, Port: 80 });
}

function hold(kong: KongDouble | undefined, count: number): Promise<void> {
  return eventually(() => expect(kong?.targets('web')).toHaveLength(count));
}

describe('several Kongs without a database', () => {
  const OFF = { database: 'off' } as const;

  test('are each filled; one that is down holds up nobody, and restarted empty it gets everything again', async () => {
    const [one, two, three] = await startKongs(OFF, OFF, OFF);
    for (const kong of kongs) await kong.seed('POST', '/config', { config: THEIRS });
    register(1);
    follow();
    for (const kong of kongs) await hold(kong, 1);
    register(2);
    for (const kong of kongs) await hold(kong, 2);
    await three?.stop();
    register(3);
    await Promise.all([hold(one, 3), hold(two, 3)]);
    await three?.listen();
    expect(three?.state.services).toEqual([]);
    await hold(three, 3);
    expect(three?.state.services).toHaveLength(1);
    register(4);
    for (const kong of kongs) await hold(kong, 4);
  });

  test('do not wait for one that is slow, nor for one that was never there', async () => {
    const [one, two, three] = await startKongs(OFF, OFF, OFF);
    const quicken = two?.inject({ method: 'POST', path: /^\/config/, does: { kind: 'delay', ms: 60_000 } });
    await three?.stop();
    register(1);
    follow();
    await hold(one, 1);
    register(2);
    await hold(one, 2);
    expect(two?.targets('web')).toEqual([]);
    quicken?.();
    await three?.listen();
    await hold(three, 2);
  });

  test('are told apart by the one-shot commands, which end with 1 when one does not answer', async () => {
    const [one, two] = await startKongs(OFF, OFF);
    register(1);
    expect(await once((io) => reconcileCommand(io, flags))).toMatchObject({ code: 0 });
    expect([one?.targets('web'), two?.targets('web')]).toEqual([['10.0.0.1:80=1'], ['10.0.0.1:80=1']]);
    const both = await once((io) => statusCommand(io, flags));
    expect(JSON.parse(both.stdout).upstreams).toMatchObject([
      {
        upstream: 'web',
        state: 'in_sync',
        nodes: [
          { node: one?.adminUrl, state: 'in_sync', targets: 1 },
          { node: two?.adminUrl, state: 'in_sync', targets: 1 },
        ],
      },
    ]);
    await two?.stop();
    register(2);
    const result = await once((io) => reconcileCommand(io, flags));
    expect(result.code).toBe(1);
    expect(JSON.parse(result.stdout).failed_nodes).toMatchObject([{ node: two?.adminUrl }]);
    expect(one?.targets('web')).toHaveLength(2);
    await two?.listen();
    expect(await once((io) => cleanupCommand(io, { yes: true }))).toMatchObject({ code: 0 });
    expect(one?.state.upstreams).toEqual([]);
  }, 60_000);

  test.each([0, 1])(
    'are each looked at by doctor, which fails when one does not answer: number %i',
    async (down) => {
      await startKongs(OFF, OFF);
      register(1);
      const names = kongs.map(({ adminUrl }) => `Kong ${adminUrl}`);
      const well = await once((io) => doctorCommand(io, flags));
      expect(well.code).toBe(0);
      expect(checksOf(well).filter(({ check }) => names.includes(check))).toMatchObject([
        { level: 'ok' },
        { level: 'ok' },
      ]);
      await kongs[down]?.stop();
      const ill = await once((io) => doctorCommand(io, flags));
      expect(ill.code).toBe(1);
      expect(checksOf(ill).filter(({ level }) => level === 'failure')).toMatchObject([{ check: names[down] }]);
      expect(checksOf(ill)).toContainEqual(expect.objectContaining({ check: names[1 - down], level: 'ok' }));
    },
    60_000,
  );
});

describe('several Kongs with a database', () => {
  test('are one cluster: written once, and by another when the first is gone', async () => {
    const [one, two] = await startKongs({}, {});
    register(1);
    follow();
    await hold(one, 1);
    expect(two?.writes()).toEqual([]);
    await one?.stop();
    register(2);
    await eventually(() => expect(two?.writes().length).toBeGreaterThan(0));
  });

  test.each([
    ['one without a database', { database: 'off' }, 'mixes Kongs without a database'],
    ['one of another database', { cluster: 'other' }, 'different databases'],
  ] as const)('and %s are refused, and nothing is written', async (_what, options, words) => {
    await startKongs({}, options);
    register(1);
    await expect(once((io) => reconcileCommand(io, flags))).rejects.toThrow(words);
    for (const kong of kongs) expect(kong.writes()).toEqual([]);
  });
});
