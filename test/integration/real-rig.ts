import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import type { ConsulAgentOptions } from '../consul/agent-config.ts';
import { type KongDouble, type KongDoubleOptions, startKongDouble } from '../kong-double/kong-double.ts';
import { type RunningCli, startCli } from './cli.ts';

/** New for each test of a file that asks for them with `realRigEachTest`. */
export let consul: ConsulAgent;
export let kong: KongDouble;
/** For config files; empty at first. */
export let folder: string;
/** The built program, once `startSidecar` was called. */
export let sidecar: RunningCli | undefined;

/** A real Consul, a Kong double and a folder before each test; all of it and the sidecar ended after it. */
export function realRigEachTest(options: ConsulAgentOptions = {}): void {
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
    [consul, kong] = await Promise.all([startConsul(options), startKongDouble()]);
  });
  afterEach(async () => {
    sidecar?.process.kill('SIGKILL');
    await sidecar?.ended;
    sidecar = undefined;
    await Promise.all([consul.dispose(), kong.stop(), rm(folder, { recursive: true })]);
  });
}

/** Another Kong in the place of the usual one. */
export async function replaceKong(options: KongDoubleOptions): Promise<void> {
  await kong.stop();
  kong = await startKongDouble(options);
}

/** Runs the built program until the test is over, or it ends by itself. */
export function startSidecar(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCli {
  sidecar = startCli(args, env);
  return sidecar;
}
