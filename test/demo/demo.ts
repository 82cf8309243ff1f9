import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { countAnswers, say, showTargets, step } from './terminal.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const SERVICE = 'hello';
const SETTLE_MS = 15_000;

interface Instance {
  readonly id: string;
  readonly port: number;
  readonly server: http.Server;
}

const consul = await findConsul();
const kong = await startKongDouble({ balancerDelayMs: 200 });
const instances: Instance[] = [];
let shown: readonly string[] = [];
const sidecar = startSidecar();
try {
  await demo();
} finally {
  sidecar.kill('SIGTERM');
  await new Promise((resolve) => sidecar.once('exit', resolve));
  for (const { server } of instances) server.close();
  await kong.stop();
  await stopConsul();
}

async function demo(): Promise<void> {
  say(`Consul      ${consul.url} (${consul.real ? 'a real one' : 'a small stand-in: no consul binary was found'})`);
  say(`Kong        ${kong.adminUrl} (a stand-in that answers as Kong 3.9.1 did)`);
  say(`proxy       ${kong.proxyUrl}/api`);

  step('A Kong Service with the plugin, and three instances that register in Consul');
  await kong.seed('POST', '/services', { name: SERVICE, host: `${SERVICE}.service.consul`, retries: 5 });
  await kong.seed('POST', `/services/${SERVICE}/routes`, { name: SERVICE, paths: ['/api'] });
  await kong.seed('POST', `/services/${SERVICE}/plugins`, { name: 'kong-upstream-healthcheck' });
  for (let at = 1; at <= 3; at += 1) await addInstance();
  await traffic(3);

  step('Scale to five: the first is written at once, what comes right after it 200 ms later (coalesce_ms)');
  await addInstance();
  await addInstance();
  await traffic(5);

  step('One fails its check: Consul says critical');
  await put(`/v1/agent/check/update/service:${SERVICE}-2`, { Status: 'critical' });
  await traffic(4);

  step('One goes into maintenance');
  await put(`/v1/agent/service/maintenance/${SERVICE}-3?enable=true`);
  await traffic(3);

  step('One deregisters and stops');
  instances.find(({ id }) => id === `${SERVICE}-5`)?.server.close();
  await put(`/v1/agent/service/deregister/${SERVICE}-5`);
  await traffic(2);

  step('All are well again');
  await put(`/v1/agent/check/update/service:${SERVICE}-2`, { Status: 'passing' });
  await put(`/v1/agent/service/maintenance/${SERVICE}-3?enable=false`);
  await traffic(4);

  step('Every check fails at once: the last targets stay, for Kong to decide');
  for (const at of [1, 2, 3, 4]) await put(`/v1/agent/check/update/service:${SERVICE}-${at}`, { Status: 'critical' });
  await wait(500);
  await traffic(4);
  say('\nDone. The same on your own Kong: see README.md.');
}

async function addInstance(): Promise<void> {
  const id = `${SERVICE}-${instances.length + 1}`;
  const server = http.createServer((_, response) =>
    response.end(JSON.stringify({ message: 'Hello from Service!', instance: id })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  instances.push({ id, port, server });
  const Check = { CheckID: `service:${id}`, TTL: '1h', Status: 'passing' };
  await put('/v1/agent/service/register', { ID: id, Name: SERVICE, Address: '127.0.0.1', Port: port, Check });
}

/** Waits for the targets, then shows them and where 200 requests went. */
async function traffic(expected: number): Promise<void> {
  const startMs = performance.now();
  const name = `${SERVICE}.service.consul`;
  while (kong.targets(name).length !== expected && performance.now() - startMs < SETTLE_MS) await wait(5);
  const tookMs = performance.now() - startMs;
  while (kong.admin.balancer.idOf(name) === undefined && performance.now() - startMs < SETTLE_MS) await wait(20);
  const targets = kong.targets(name);
  const isSame = targets.join() === shown.join();
  showTargets(targets, instances, isSame ? 'as before' : tookMs < 1 ? 'at once' : `after ${tookMs.toFixed(0)} ms`);
  shown = targets;
  await countAnswers(`${kong.proxyUrl}/api`, 200);
}

function startSidecar(): ChildProcess {
  const flags = [
    'run',
    '--consul-addr',
    consul.url,
    '--kong-admin-url',
    kong.adminUrl,
    '--listen',
    'off',
    '--log-format',
    'pretty',
    '--kong-poll-seconds',
    '0.5',
  ];
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' };
  return spawn(process.execPath, [MAIN, ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, ...color },
  });
}

async function put(target: string, body?: unknown): Promise<void> {
  const answer = await fetch(consul.url + target, {
    method: 'PUT',
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`Consul refused ${target}: ${answer.status} ${await answer.text()}`);
}

async function findConsul(): Promise<{
  readonly url: string;
  readonly real: boolean;
  readonly running: ConsulAgent | ScriptedConsul;
}> {
  const binary = consulBinary();
  if (binary !== undefined) {
    process.env.CONSUL_BIN = binary;
    const agent = await startConsul();
    return { url: agent.url, real: true, running: agent };
  }
  const scripted = await startScriptedConsul();
  return { url: scripted.url, real: false, running: scripted };
}

/** The places where `make test` looks too. */
function consulBinary(): string | undefined {
  const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
  const onPath = (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, 'consul'));
  const candidates = [process.env.CONSUL_BIN ?? '', ...onPath, path.join(cache, 'kong-consul', 'consul-1.14.8')];
  return candidates.find((candidate) => candidate !== '' && existsSync(candidate));
}

async function stopConsul(): Promise<void> {
  if ('dispose' in consul.running) await consul.running.dispose();
  else await consul.running.stop();
}
