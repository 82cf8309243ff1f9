import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cleanupCommand } from '../../sidecar/src/cli/cleanup-command.ts';
import { diffCommand } from '../../sidecar/src/cli/diff-command.ts';
import { exportCommand } from '../../sidecar/src/cli/export-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import { runCommand } from '../integration/command.ts';
import { send } from '../kong-double/client.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { deck, findDeck } from './deck.ts';

/**
 * What the README says of decK, with a real decK (`DECK_BIN`, or `deck` on the PATH) against the double, or against a
 * real, empty Kong with a database in `KONG_ADMIN_URL`. Skipped where there is no decK.
 */
const found = findDeck();
const bin = found ?? '';
const HOST = 'deck-web.service.consul';
const SUMMARY = { code: 0, created: 0, updated: 0, deleted: 0 };
/** All that the user has decK look after, by a tag of their own. */
const THEIRS = {
  _format_version: '3.0',
  _info: { select_tags: ['team-a'] },
  services: [{ name: 'deck-shop', host: HOST }],
  upstreams: [{ name: 'deck-shared', targets: [{ target: '10.9.0.1:80' }] }],
};

let double: KongDouble | undefined;
let adminUrl = process.env.KONG_ADMIN_URL ?? '';
let consul: ScriptedConsul;

beforeAll(async () => {
  if (adminUrl === '') {
    double = await startKongDouble({ healthUpdateMs: 0 });
    adminUrl = double.adminUrl;
  }
  consul = await startScriptedConsul();
  for (const at of [1, 2, 3]) consul.register({ ID: `web-${at}`, Name: 'deck-web', Address: `10.0.0.${at}`, Port: 80 });
});

afterAll(async () => {
  if (found !== undefined) {
    await runCommand(config(), (io) => cleanupCommand(io, { yes: true }));
    const none = { _format_version: '3.0', _info: THEIRS._info };
    await deck(bin, adminUrl, 'sync', { state: none });
  }
  await Promise.all([consul.stop(), double?.stop()]);
});

function config(more = {}) {
  const checks = { active: { healthy: { interval: 5, successes: 1 }, unhealthy: { interval: 5, http_failures: 3 } } };
  const upstreams = { [HOST]: { healthchecks: checks }, ...more };
  return { owner: 'deck', consul: { addr: consul.url }, kong: { admin_url: adminUrl }, upstreams };
}

function reconcile(more = {}) {
  const flags = { dryRun: false, force: true, only: [], output: 'json' } as const;
  return runCommand(config(more), (io) => reconcileCommand(io, flags));
}

async function exported(): Promise<string> {
  const { code, stdout } = await runCommand(config(), (io) => exportCommand(io, { state: 'current' }));
  expect(code).toBe(0);
  return stdout;
}

async function targets(upstream: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { body } = await send(`${adminUrl}/upstreams/${upstream}/targets`);
  return Array.isArray(body.data) ? body.data : [];
}

/** As Kong holds it, ids and times too. */
async function ours() {
  const { body } = await send(`${adminUrl}/upstreams/${HOST}`);
  return { upstream: body, targets: await targets(HOST) };
}

describe.skipIf(found === undefined)('beside decK', () => {
  test('a sync with select tags leaves what is ours alone, and a dump does not show it', async () => {
    expect(await deck(bin, adminUrl, 'sync', { state: THEIRS })).toMatchObject({ code: 0, created: 3, deleted: 0 });
    expect(await reconcile()).toMatchObject({ code: 0 });
    const before = await ours();
    expect(before.targets).toHaveLength(3);
    const edited = { ...THEIRS, services: [{ ...THEIRS.services[0], retries: 1 }] };
    expect(await deck(bin, adminUrl, 'sync', { state: edited })).toMatchObject({ created: 0, deleted: 0 });
    expect(await ours()).toEqual(before);
    const dump = await deck(bin, adminUrl, 'dump', { selectTag: 'team-a' });
    expect(dump.output).toContain('deck-shared');
    expect(dump.output).not.toContain('10.0.0.1:80');
  });

  test('what is exported is what decK dumps, and its sync changes nothing', async () => {
    const state = await exported();
    expect(await deck(bin, adminUrl, 'diff', { state })).toMatchObject(SUMMARY);
    double?.clearRequests();
    expect(await deck(bin, adminUrl, 'sync', { state })).toMatchObject(SUMMARY);
    expect(double?.writes() ?? []).toEqual([]);
    const dumped = parse(
      (await deck(bin, adminUrl, 'dump', { selectTag: 'kong-consul:deck' })).output.replace(/^Warning.*$/gm, ''),
    );
    expect(dumped.upstreams).toMatchObject(parse(state).upstreams);
  });

  test('what is exported can be put back by decK, and nothing differs then', async () => {
    const state = await exported();
    await runCommand(config(), (io) => cleanupCommand(io, { yes: true }));
    expect(await deck(bin, adminUrl, 'sync', { state })).toMatchObject({ created: 4, updated: 0, deleted: 0 });
    expect(await exported()).toBe(state);
    expect(await runCommand(config(), (io) => diffCommand(io, { only: [], output: 'table' }))).toMatchObject({
      code: 0,
    });
  });

  test('without select tags a sync would delete what is ours', async () => {
    const { _info: _, ...all } = THEIRS;
    const { output, deleted } = await deck(bin, adminUrl, 'diff', { state: all });
    expect(output).toContain(`deleting upstream ${HOST}`);
    expect(deleted).toBeGreaterThanOrEqual(4);
  });

  test('of an upstream that both look after, a sync deletes our targets whatever its select tags', async () => {
    consul.register({ ID: 'shared', Name: 'deck-shared', Address: '10.9.0.2', Port: 80 });
    await reconcile({ 'deck-shared': {} });
    expect(await targets('deck-shared')).toHaveLength(2);
    const { output } = await deck(bin, adminUrl, 'diff', { state: THEIRS });
    expect(output).toContain('deleting target 10.9.0.2:80');
    expect(await exported()).toContain('# Left out: 1 targets of ours in deck-shared: that upstream is not ours\n');
    await reconcile();
  });
});
