import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { runCli } from '../integration/cli.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { compare, fill, read } from './folder.ts';

/**
 * Each folder: `config.yml`, `consul.yml` (service to instances) and `kong.yml` (what Kong holds before, optional); beside
 * them what must come out: `plan.golden.txt` (the plan for people) and `kong.golden.yml` (what Kong holds then).
 * `UPDATE_GOLDEN=1 npx vitest run test/golden` writes them anew, to be reviewed as a diff.
 */
const CASES = fileURLToPath(new URL('./cases/', import.meta.url));
const held = z.array(z.object({ path: z.string(), body: z.record(z.string(), z.unknown()) }));

let consul: ScriptedConsul;
let kong: KongDouble;

beforeEach(async () => {
  [consul, kong] = await Promise.all([startScriptedConsul(), startKongDouble()]);
});

afterEach(async () => {
  await Promise.all([consul.stop(), kong.stop()]);
});

describe('from Consul and Kong to plan and Kong', async () => {
  test.each(await readdir(CASES))('%s', async (name) => {
    const folder = path.join(CASES, name);
    fill(consul, await read(folder, 'consul.yml'));
    for (const { path: where, body } of held.parse(parse(await read(folder, 'kong.yml')) ?? []))
      await kong.seed('POST', where, body);

    const flags = [
      '--config',
      path.join(folder, 'config.yml'),
      '--consul-addr',
      consul.url,
      '--kong-admin-url',
      kong.adminUrl,
      '--log-level',
      'silent',
    ];
    const { stdout } = await runCli(['diff', ...flags]);
    await runCli(['reconcile', ...flags]);
    await compare(folder, 'plan.golden.txt', stdout.replaceAll(folder, ''));
    await compare(folder, 'kong.golden.yml', stringify(state()));
    const again = await runCli(['reconcile', ...flags, '--output', 'json']);
    expect(z.object({ written: z.array(z.unknown()) }).parse(JSON.parse(again.stdout)).written).toEqual([]);
  });
});

function state(): unknown {
  const { tables } = kong.admin;
  const upstreams = [...tables.all('upstreams')].sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
  return upstreams.map(({ name, tags, id, algorithm, slots, healthchecks }) => ({
    name,
    tags,
    algorithm,
    slots,
    active: z.object({ active: z.object({ healthy: z.object({ interval: z.number() }) }) }).parse(healthchecks).active
      .healthy.interval,
    targets: tables
      .targetsOf(String(id))
      .map((target) => `${String(target.target)} weight ${String(target.weight)} ${JSON.stringify(target.tags)}`)
      .sort(),
  }));
}
