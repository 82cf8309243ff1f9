import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { type RunningCli, startCli } from './cli.ts';
import { eventually } from './eventually.ts';

const CHECKED = { active: { healthy: { interval: 1, successes: 1 }, unhealthy: { interval: 1, http_failures: 1 } } };
const TARGET = '10.0.0.1:80';
let folder: string;
let consul: ScriptedConsul;
let controlPlane: KongDouble;
let dataPlane: KongDouble;
let silent: http.Server;
let sidecar: RunningCli | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  consul = await startScriptedConsul();
  controlPlane = await startKongDouble({ role: 'control_plane', adminToken: 'secret', healthUpdateMs: 0 });
  dataPlane = await startKongDouble({ database: 'off', healthUpdateMs: 0 });
  silent = http.createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  consul.register({ ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80 });
  const upstreams = [{ name: 'web', healthchecks: CHECKED, targets: [{ target: TARGET }] }];
  await dataPlane.seed('POST', '/config', { config: JSON.stringify({ _format_version: '3.0', upstreams }) });
});

afterEach(async () => {
  sidecar?.process.kill('SIGKILL');
  await sidecar?.ended;
  silent.closeAllConnections();
  silent.close();
  await Promise.all([consul, controlPlane, dataPlane].map((each) => each.stop()));
  await rm(folder, { recursive: true });
});

/** Starts `run`, and gives where its API is, once Kong holds the target. */
async function start(statusUrls: readonly string[]): Promise<string> {
  const kong = { admin_url: controlPlane.adminUrl, admin_token: 'secret', status_url: statusUrls };
  const config = { consul: { addr: consul.url }, kong, listen: '127.0.0.1:0', upstreams: { web: {} } };
  const file = path.join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config));
  const running = startCli(['run', '--config', file]);
  sidecar = running;
  await eventually(() => expect(running.stderr()).toContain('target added'));
  return /"url":"([^"]+)"/.exec(running.stderr())?.[1] ?? '';
}

async function get(url: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url);
  return Object(await answer.json());
}

function healthReads(): number {
  return dataPlane.requests.filter(({ path: where }) => where.startsWith('/upstreams/web/health')).length;
}

test('a sidecar that runs tells health as the data planes see it, and where it has it from', async () => {
  const url = await start([dataPlane.adminUrl]);
  await eventually(async () => {
    expect(await get(`${url}/api/v1/upstreams/web`)).toMatchObject({
      kong_targets: [{ target: TARGET, health: 'HEALTHY' }],
      verdicts: [{ traffic: { gets: 'yes', decided_by: 'Kong' } }],
    });
  });
  expect(await get(`${url}/api/v1/status`)).toMatchObject({ kong: { health_from: [dataPlane.adminUrl] } });
  expect(JSON.stringify(dataPlane.requests.map(({ headers }) => headers))).not.toContain('secret');
});

test('many who look at once are one question to Kong, and nobody who looks is none', async () => {
  const url = await start([dataPlane.adminUrl]);
  expect(healthReads()).toBe(0);
  await Promise.all(Array.from({ length: 50 }, () => get(`${url}/api/v1/upstreams/web`)));
  expect(healthReads()).toBe(1);
});

test('a data plane that never answers does not hide what the others say', async () => {
  const { port } = silent.address() as AddressInfo;
  const url = await start([dataPlane.adminUrl, `http://127.0.0.1:${port}`]);
  const trail = await get(`${url}/api/v1/upstreams/web`);
  expect(trail).toMatchObject({ kong_targets: [{ target: TARGET, health: 'HEALTHY' }] });
  expect(trail.notes).toEqual([`health is not known: Kong at http://127.0.0.1:${port} did not answer within 2 s`]);
});
