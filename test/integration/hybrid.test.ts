import { afterEach, beforeEach, expect, test } from 'vitest';
import { doctorCommand } from '../../sidecar/src/cli/doctor-command.ts';
import { explainCommand } from '../../sidecar/src/cli/explain-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import { statusCommand } from '../../sidecar/src/cli/status-command.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { runCommand } from './command.ts';

const CHECKED = { active: { healthy: { interval: 1, successes: 1 }, unhealthy: { interval: 1, http_failures: 1 } } };
const ONE = '10.0.0.1:80';
const TWO = '10.0.0.2:80';
let consul: ScriptedConsul;
let controlPlane: KongDouble;
let dataPlanes: readonly KongDouble[];

beforeEach(async () => {
  consul = await startScriptedConsul();
  controlPlane = await startKongDouble({ role: 'control_plane', adminToken: 'secret', healthUpdateMs: 0 });
  dataPlanes = await Promise.all([0, 1].map(() => startKongDouble({ database: 'off', healthUpdateMs: 0 })));
  for (const at of [1, 2]) consul.register({ ID: `web-${at}`, Name: 'web', Address: `10.0.0.${at}`, Port: 80 });
  const flags = { dryRun: false, force: false, only: [], output: 'json' } as const;
  await runCommand(config(), (io) => reconcileCommand(io, flags));
});

afterEach(() => Promise.all([consul, controlPlane, ...dataPlanes].map((each) => each.stop())));

function config(statusUrl: readonly string[] = dataPlanes.map(({ adminUrl }) => adminUrl)) {
  const kong = { admin_url: controlPlane.adminUrl, admin_token: 'secret', status_url: statusUrl, timeout_seconds: 2 };
  return { consul: { addr: consul.url }, kong, upstreams: { web: { healthchecks: CHECKED } } };
}

/** What a control plane pushes. */
async function push(dataPlane: KongDouble | undefined): Promise<void> {
  const targets = [ONE, TWO].map((target) => ({ target }));
  const upstreams = [{ name: 'web', healthchecks: CHECKED, targets }];
  const body = JSON.stringify({ _format_version: '3.0', upstreams });
  await dataPlane?.seed('POST', '/config', { config: body });
}

/** A health check on this node says so. */
function callUnhealthy(dataPlane: KongDouble | undefined, target: string): void {
  if (dataPlane === undefined) throw new Error('no such data plane');
  const { tables, balancer } = dataPlane.admin;
  const upstream = tables.find('upstreams', 'web');
  const found = tables.findTarget(String(upstream?.id), target);
  if (upstream !== undefined && found !== undefined) balancer.setHealthy(upstream, found, false);
}

async function health(): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await runCommand(config(), (io) => explainCommand(io, 'web', { output: 'json' }));
  const targets: readonly { target: string; health: string }[] = JSON.parse(stdout).upstreams[0].kong_targets;
  return Object.fromEntries(targets.map((each) => [each.target, each.health]));
}

const explain = (statusUrl?: readonly string[]) =>
  runCommand(config(statusUrl), (io) => explainCommand(io, 'web', { output: 'table' }));
const status = () => runCommand(config(), (io) => statusCommand(io, { output: 'table' }));
const doctor = (statusUrl?: readonly string[]) =>
  runCommand(config(statusUrl), (io) => doctorCommand(io, { output: 'table' }));

test('health is what the data planes say; one that was not pushed to yet says nothing', async () => {
  expect(await health()).toEqual({ [ONE]: null, [TWO]: null });
  await push(dataPlanes[0]);
  expect(await health()).toEqual({ [ONE]: 'HEALTHY', [TWO]: 'HEALTHY' });
  expect((await status()).stdout).not.toContain('Kong calls');
});

test('data planes that differ are named', async () => {
  for (const each of dataPlanes) await push(each);
  for (const each of dataPlanes) callUnhealthy(each, ONE);
  callUnhealthy(dataPlanes[1], TWO);
  const [first, second] = dataPlanes.map(({ adminUrl }) => adminUrl);
  const differing = `HEALTHY at ${first}; UNHEALTHY at ${second}`;
  expect(await health()).toEqual({ [ONE]: 'UNHEALTHY', [TWO]: differing });
  expect((await explain()).stdout).toContain("Kong's nodes differ");
  expect((await status()).stdout).toContain(
    `Kong calls 2 of 2 targets not healthy: ${ONE} UNHEALTHY, ${TWO} ${differing}`,
  );
});

test('a data plane that is gone is said, and the others are asked', async () => {
  await push(dataPlanes[0]);
  await dataPlanes[1]?.stop();
  expect(await health()).toEqual({ [ONE]: 'HEALTHY', [TWO]: 'HEALTHY' });
  expect((await explain()).stdout).toContain(`Kong's Status API at ${dataPlanes[1]?.adminUrl} gave no answer`);
  const told = await doctor();
  expect(told.code).toBe(1);
  expect(told.stdout).toContain(`ok    data plane ${dataPlanes[0]?.adminUrl}: answers, configuration`);
  expect(told.stdout).toContain(`FAIL  data plane ${dataPlanes[1]?.adminUrl}`);
});

test('without their URLs health is not known, and doctor tells how to mend that', async () => {
  expect((await explain([])).stdout).toContain('a control plane has no balancer');
  expect((await doctor([])).stdout).toContain('kong: { status_url: [http://DATA-PLANE:8007] }');
});

test.each([
  ['none is connected', [], 'WARN  data planes: none is connected'],
  ['one has not been heard of for long', [node({ last_seen: nowSeconds() - 600 })], 'data planes: none is connected'],
  ['all hold one configuration', [node(), node()], 'ok    data planes: 2 connected, all with one configuration'],
  ['one lags', [node(), node({ config_hash: 'b'.repeat(32) })], 'they hold different configurations'],
  ['one cannot take what it is sent', [node({ sync_status: 'plugin_set_incompatible' })], 'plugin_set_incompatible'],
])('doctor says when %s', async (_, told, sentence) => {
  await controlPlane.stop();
  controlPlane = await startKongDouble({ role: 'control_plane', adminToken: 'secret', dataPlanes: told });
  expect((await doctor()).stdout).toContain(sentence);
});

function node(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const id = { hostname: 'dp', ip: '10.0.0.9', version: '3.9.1', config_hash: 'a'.repeat(32) };
  return { ...id, sync_status: 'normal', last_seen: nowSeconds(), ...fields };
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

test('the token of the Admin API is never sent to a data plane', async () => {
  await push(dataPlanes[0]);
  await Promise.all([explain(), status(), doctor()]);
  const sent = dataPlanes.flatMap(({ requests }) => requests.map(({ headers }) => JSON.stringify(headers)));
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.join()).not.toContain('secret');
});
