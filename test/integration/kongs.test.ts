import { afterEach, beforeEach, expect, test } from 'vitest';
import { doctorCommand } from '../../sidecar/src/cli/doctor-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import { type KongDouble, type KongDoubleOptions, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { runCommand } from './command.ts';
import { everyCommand } from './every-command.ts';

let consul: ScriptedConsul;
let kong: KongDouble;

beforeEach(async () => {
  consul = await startScriptedConsul();
});

afterEach(() => Promise.all([consul.stop(), kong.stop()]));

async function start(options: KongDoubleOptions): Promise<string> {
  kong = await startKongDouble({ healthUpdateMs: 0, ...options });
  return kong.adminUrl;
}

test.each(['2.8.5', '3.0.2', '3.4.2', '3.9.1'])('every command works on Kong %s', async (version) => {
  const url = await start({ version });
  await everyCommand({ consul, kong, kongConfig: { admin_url: url } });
});

test('every command works in a workspace, with a token, and touches no other workspace', async () => {
  const url = await start({ workspaces: ['team'], adminToken: 'token-1' });
  await kong.seed('POST', '/upstreams', { name: 'plain', tags: ['kong-consul:default'] });
  await everyCommand({
    consul,
    kong,
    workspace: 'team',
    kongConfig: { admin_url: url, admin_token: 'token-1', workspace: 'team' },
  });
  expect(new Set(kong.requests.map(({ workspace }) => workspace))).toEqual(new Set(['team']));
  expect(kong.targets('plain')).toEqual([]);
  expect(kong.state.upstreams).toHaveLength(1);
});

test('every command works on a control plane', async () => {
  const url = await start({ role: 'control_plane' });
  await everyCommand({ consul, kong, kongConfig: { admin_url: url } });
});

test('every command works on a Konnect-like Admin API', async () => {
  const basePath = '/v2/control-planes/9524ec7d/core-entities';
  const url = await start({ konnect: { basePath, bearerToken: 'kpat_1', patchStatus: 404 } });
  const kongConfig = { admin_url: `${url}${basePath}`, header: { Authorization: 'Bearer kpat_1' } };
  await everyCommand({ consul, kong, kongConfig });
  const patches = kong.requests.filter(({ method }) => method === 'PATCH');
  expect(new Set(patches.map(({ status }) => status))).toEqual(new Set([404]));
  expect(kong.requests.filter(({ status }) => status >= 500)).toEqual([]);
});

/** Each Kong, what its bindings ask for in vain, and what is still done. */
test.each([
  ['2.8.5', { hash_on: 'path', hash_fallback: 'none', slots: 100 }, ['hash_on path', '3.0'], { slots: 100 }],
  ['3.0.2', { use_srv_name: true, host_header: 'a.b' }, ['use_srv_name', '3.1'], { host_header: 'a.b' }],
  ['3.1.1', { algorithm: 'latency', slots: 100 }, ['algorithm latency', '3.2'], { slots: 100 }],
])('Kong %s is not sent what it does not know, and the binding is told: %j', async (version, upstream, words, held) => {
  const admin_url = await start({ version });
  consul.register({ ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80 });
  const config = { consul: { addr: consul.url }, kong: { admin_url }, upstreams: { web: { upstream } } };
  const flags = { dryRun: false, force: false, only: [], output: 'json' } as const;
  const first = await runCommand(config, (io) => reconcileCommand(io, flags));
  expect(first).toMatchObject({ code: 0 });
  for (const word of words) expect(JSON.parse(first.stdout).upstreams[0].notes.join()).toContain(word);
  expect(kong.admin.tables.find('upstreams', 'web')).toMatchObject(held);
  kong.clearRequests();
  expect(await runCommand(config, (io) => reconcileCommand(io, flags))).toMatchObject({ code: 0 });
  expect(kong.writes()).toEqual([]);
  const doctor = await runCommand(config, (io) => doctorCommand(io, { output: 'table' }));
  expect(doctor.stdout).toMatch(new RegExp(`WARN +upstream web: ${words[0]} is not sent`));
});
