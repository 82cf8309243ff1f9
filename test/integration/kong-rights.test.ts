import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { diffCommand } from '../../sidecar/src/cli/diff-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { runCommand } from './command.ts';
import { eventually } from './eventually.ts';
import { everyCommand } from './every-command.ts';
import { startHarness } from './harness.ts';

const ACTIONS: Readonly<Record<string, string>> = {
  GET: 'read',
  POST: 'create',
  PATCH: 'update',
  PUT: 'update',
  DELETE: 'delete',
};
const rights = z.array(z.object({ endpoint: z.string(), actions: z.string() }));

let consul: ScriptedConsul;
let kong: KongDouble;

beforeEach(async () => {
  [consul, kong] = await Promise.all([startScriptedConsul(), startKongDouble({ workspaces: ['team'] })]);
});
afterEach(() => Promise.all([consul.stop(), kong.stop()]));

test('the role for RBAC has every right that is used, and no other', async () => {
  const used = new Set<string>();
  const note = () => {
    for (const { method, path, workspace } of kong.requests.splice(0))
      used.add(`${ACTIONS[method] ?? method} ${endpointOf(path, workspace)}`);
  };
  kong.clearRequests = note;

  await everyCommand({ consul, kong, kongConfig: { admin_url: kong.adminUrl } });
  note();
  await diffIn('team');
  note();
  await pluginOnRoute();
  note();
  await lostAnswer();
  note();

  const documented = rights
    .parse(JSON.parse(await readFile('compose/security/kong-rbac.json', 'utf8')))
    .flatMap(({ endpoint, actions }) => actions.split(',').map((action) => `${action} ${endpoint}`));
  expect([...used].sort()).toEqual(documented.sort());
});

async function diffIn(workspace: string): Promise<void> {
  const config = { consul: { addr: consul.url }, kong: { admin_url: kong.adminUrl, workspace } };
  expect(await runCommand(config, (io) => diffCommand(io, { only: [], output: 'table' }))).toMatchObject({ code: 0 });
}

async function pluginOnRoute(): Promise<void> {
  consul.register({ ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80 });
  const service = await kong.seed('POST', '/services', { name: 'shop', host: 'web' });
  const route = await kong.seed('POST', '/routes', { name: 'shop', paths: ['/'], service: { id: service.id } });
  await kong.seed('POST', '/plugins', { name: 'kong-upstream-healthcheck', route: { id: route.id } });
  const config = { consul: { addr: consul.url }, kong: { admin_url: kong.adminUrl } };
  const reconcile = { dryRun: false, force: false, only: [], output: 'table' } as const;
  expect(await runCommand(config, (io) => reconcileCommand(io, reconcile))).toMatchObject({ code: 0 });
  expect(kong.targets('web')).toEqual(['10.0.0.1:80=1']);
}

/** A target that Kong wrote, and whose answer was lost, is read on its own; so is an upstream that somebody took away. */
async function lostAnswer(): Promise<void> {
  kong.inject({ method: 'POST', path: /targets/, times: 1, does: { kind: 'drop-after-write' } });
  consul.register({ ID: 'lost-1', Name: 'lost', Address: '10.0.0.2', Port: 80 });
  const harness = startHarness(consul.url, kong, { upstreams: { lost: {} } });
  await eventually(() => expect(harness.store.report('lost')?.state).toBe('in_sync'));
  await kong.seed('DELETE', '/upstreams/lost', {});
  consul.register({ ID: 'lost-2', Name: 'lost', Address: '10.0.0.3', Port: 80 });
  await eventually(() => expect(kong.targets('lost')).toHaveLength(2));
  await harness.stop();
}

/** As Kong's RBAC names it: `*` for a name or an id. Below a workspace the root is `/kong`. */
function endpointOf(path: string, workspace: string | undefined): string {
  if (path === '/' && workspace !== undefined) return '/kong';
  const segments =
    path
      .split('?', 1)[0]
      ?.split('/')
      .filter((segment) => segment !== '') ?? [];
  return `/${segments.map((segment, at) => (at % 2 === 1 ? '*' : segment)).join('/')}`;
}
