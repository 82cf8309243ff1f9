import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { type RunningCli, startCli } from '../integration/cli.ts';
import { eventually } from '../integration/eventually.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';

/** A sidecar as people run it, between a Consul and a Kong that do what a test says. */
export interface Stage {
  readonly consul: ScriptedConsul;
  readonly kong: KongDouble;
  /** Where its HTTP side is. */
  readonly url: () => string;
  readonly sidecar: () => RunningCli;
  /** Ends the sidecar as a crash would. */
  readonly kill: () => Promise<void>;
  /** Starts it again, at the same address. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface StageOptions {
  /** Under `upstreams:`, as YAML. */
  readonly upstreams: string;
  readonly flags?: readonly string[];
  readonly prepare?: (consul: ScriptedConsul, kong: KongDouble) => Promise<void> | void;
}

export async function startStage({ upstreams, flags = [], prepare }: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  const config = path.join(folder, 'kong-consul.yml');
  await writeFile(config, `upstreams:\n${upstreams}`);
  const [consul, kong] = await Promise.all([
    startScriptedConsul({ maxConnectionsPerClient: 4_000 }),
    startKongDouble({ plugins: ['kong-upstream-healthcheck'] }),
  ]);
  await prepare?.(consul, kong);
  let sidecar: RunningCli;
  let url = 'http://127.0.0.1:0';
  const start = async () => {
    const fixed = ['run', '--config', config, '--consul-addr', consul.url, '--kong-admin-url', kong.adminUrl];
    sidecar = startCli([...fixed, '--listen', new URL(url).host, ...flags]);
    await eventually(() => expect(sidecar.stderr()).toContain('status is served'));
    url = /"url":"([^"]+)"/.exec(sidecar.stderr())?.[1] ?? url;
  };
  const kill = async () => {
    sidecar.process.kill('SIGKILL');
    await sidecar.ended;
  };
  await start();
  return {
    consul,
    kong,
    url: () => url,
    sidecar: () => sidecar,
    kill,
    restart: async () => {
      await kill();
      await start();
    },
    close: async () => {
      await kill();
      await Promise.all([consul.stop(), kong.stop(), rm(folder, { recursive: true })]);
    },
  };
}

/** Registers instances of a service: `count` of them, with one passing check each. */
export function registerMany(consul: ScriptedConsul, name: string, count: number, net = 1): void {
  for (let at = 1; at <= count; at += 1) {
    consul.register({
      ID: `${name}-${at}`,
      Name: name,
      Address: `10.${net >> 8}.${net & 255}.${at}`,
      Port: 8080,
      Check: { CheckID: `${name}-${at}-http`, Name: 'HTTP on /health', Status: 'passing' },
    });
  }
}
