import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startConsul } from '../consul/agent.ts';
import { startKongDouble } from '../kong-double/kong-double.ts';
import { drop, put, registerFleet, serviceName } from './fleet.ts';
import { floorTurn, send } from './floor.ts';
import { markdown, median, quantile, type Row } from './statistics.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const TURNS = 40;
const EXTRA = 11;
const SIZES = [1, 100, 1_000];
const COLD_SIZE = 10;
const IDLE_MS = 10_000;
const GIVE_UP_MS = 120_000;

const folder = mkdtempSync(path.join(os.tmpdir(), 'kong-consul-bench-'));
const rows: Row[] = [];
const consul = await startConsul({ hcl: 'limits { http_max_conns_per_client = 4000 }' });
const kong = await startKongDouble();
try {
  await bench();
} finally {
  await kong.stop();
  await consul.dispose();
  rmSync(folder, { recursive: true });
}
process.stdout.write(
  `\n${os.cpus().length} cores, Node ${process.version}, real Consul, Kong double, ${new Date().toISOString().slice(0, 10)}\n\n${markdown(rows)}\n`,
);
writeFileSync('bench.json', `${JSON.stringify(rows, null, 2)}\n`);

async function bench(): Promise<void> {
  startUp();
  await registerFleet(consul.url, 0, 1, 1);
  const floor = await measureFloor();
  rows.push({ what: 'floor: bare long poll + bare POST', measured: spread(floor), ratio: '1', bar: '' });
  let alone = Number.NaN;
  let registered = 1;
  for (const size of SIZES) {
    await registerFleet(consul.url, registered, size - registered, 1);
    registered = size;
    const turns = await measurePropagation(size);
    if (size === 1) alone = median(turns);
    const against =
      size === 1
        ? `p50 ${ratio(median(turns), median(floor))}, p99 ${ratio(quantile(turns, 0.99), quantile(floor, 0.99))}`
        : `p50 ${ratio(median(turns), alone)} of alone`;
    rows.push({
      what: `registration to target, ${size} bound services`,
      measured: spread(turns),
      ratio: against,
      bar: size === 1 ? 'p50 <= 1.5, p99 <= 3' : '<= 1.2',
    });
  }
  await coldStart();
}

async function measureFloor(): Promise<readonly number[]> {
  await send('POST', `${kong.adminUrl}/upstreams`, { name: 'floor' });
  const samples: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const body = { target: `10.99.0.${turn}:80`, weight: 1 };
    samples.push(
      await floorTurn(
        consul.url,
        serviceName(0),
        () => put(consul.url, 0, EXTRA),
        () => send('POST', `${kong.adminUrl}/upstreams/floor/targets`, body),
      ),
    );
    await drop(consul.url, 0, EXTRA);
    await wait(50);
  }
  return samples;
}

async function measurePropagation(size: number): Promise<readonly number[]> {
  kong.empty();
  const sidecar = startSidecar(size);
  await until(() => kong.admin.tables.count('targets') >= size);
  await wait(1_000);
  const samples: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const service = turn % size;
    const before = kong.targets(serviceName(service)).length;
    const startMs = performance.now();
    await put(consul.url, service, EXTRA);
    await until(() => kong.targets(serviceName(service)).length > before);
    samples.push(performance.now() - startMs);
    await drop(consul.url, service, EXTRA);
    await until(() => kong.targets(serviceName(service)).length === before);
    await wait(300);
  }
  if (size === 1_000) await idle(sidecar);
  await stop(sidecar);
  return samples;
}

/** CPU and memory of a sidecar to which nothing happens. */
async function idle(sidecar: ChildProcess): Promise<void> {
  kong.requests.length = 0;
  const before = cpuTicks(sidecar);
  await wait(IDLE_MS);
  const percent = ((cpuTicks(sidecar) - before) / 100 / (IDLE_MS / 1000)) * 100;
  rows.push({
    what: 'nothing changes, 1000 services',
    measured: `${kong.writes().length} writes, ${percent.toFixed(1)} % of a core, ${memoryMb(sidecar)} MB`,
    ratio: '',
    bar: '0 writes, < 2 %, < 150 MB',
  });
}

async function coldStart(): Promise<void> {
  await registerFleet(consul.url, 0, 1_000, COLD_SIZE);
  kong.empty();
  const [cold, again] = [reconcile(), () => reconcile()];
  rows.push({
    what: `cold start, 1000 upstreams x ${COLD_SIZE} targets`,
    measured: `${(await cold).toFixed(1)} s, ${kong.admin.tables.count('targets')} targets`,
    ratio: '',
    bar: '>= 2 x faster than decK',
  });
  kong.requests.length = 0;
  const seconds = await again();
  rows.push({
    what: 'the same again, nothing to do',
    measured: `${seconds.toFixed(1)} s, ${kong.writes().length} writes`,
    ratio: '',
    bar: '0 writes',
  });
}

async function reconcile(): Promise<number> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [MAIN, 'reconcile', '--force', ...flags(1_000)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await new Promise((resolve) => child.once('exit', resolve));
  return (performance.now() - startMs) / 1000;
}

function startUp(): void {
  const time = (args: readonly string[]) => {
    const samples = Array.from({ length: 7 }, () => {
      const startMs = performance.now();
      execFileSync(process.execPath, args, { stdio: 'ignore' });
      return performance.now() - startMs;
    });
    return median(samples);
  };
  const node = time(['-e', '0']);
  const help = time([MAIN, '--help']);
  rows.push({
    what: 'kong-consul --help',
    measured: `${help.toFixed(0)} ms`,
    ratio: `Node's own ${node.toFixed(0)} ms + ${(help - node).toFixed(0)} ms`,
    bar: '+ <= 150 ms',
  });
}

function flags(size: number): readonly string[] {
  const config = path.join(folder, `${size}.yml`);
  writeFileSync(
    config,
    `upstreams:\n${Array.from({ length: size }, (_, at) => `  ${serviceName(at)}: {}\n`).join('')}`,
  );
  return ['--config', config, '--consul-addr', consul.url, '--kong-admin-url', kong.adminUrl, '--log-level', 'error'];
}

function startSidecar(size: number): ChildProcess {
  return spawn(process.execPath, [MAIN, 'run', '--listen', 'off', ...flags(size)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function until(check: () => boolean): Promise<void> {
  const untilMs = performance.now() + GIVE_UP_MS;
  while (!check()) {
    if (performance.now() > untilMs) throw new Error('it took too long');
    await wait(1);
  }
}

function cpuTicks(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function memoryMb(child: ChildProcess): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024);
}

function spread(samples: readonly number[]): string {
  return `p50 ${median(samples).toFixed(1)} ms, p99 ${quantile(samples, 0.99).toFixed(1)} ms`;
}

function ratio(value: number, base: number): string {
  return (value / base).toFixed(2);
}
