import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { reconcileFileCommand } from '../../sidecar/src/cli/reconcile-file-command.ts';
import { runCommand } from '../integration/command.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { compare, fill, read } from './folder.ts';

/**
 * Each folder: `config.yml`, `consul.yml` (service to instances), and what the file is made of: `base.yml` (the user's
 * declarative file), `before.yml` (the file as it is; without a base it is the base too), or `kong.yml` (what Kong holds).
 * What must come out: `plan.golden.txt` (the dry run, and how it ends) and `kong.golden.yml` (the file).
 * `UPDATE_GOLDEN=1 npx vitest run test/golden` writes them anew, to be reviewed as a diff.
 */
const CASES = fileURLToPath(new URL('./files/', import.meta.url));
const settings = z.record(z.string(), z.unknown());
const FLAGS = { dryRun: false, force: false, only: [], output: 'table' } as const;

let consul: ScriptedConsul;
let kong: KongDouble;
let folder: string;

beforeEach(async () => {
  [consul, kong] = await Promise.all([startScriptedConsul(), startKongDouble({ database: 'off' })]);
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
});

afterEach(() => Promise.all([consul.stop(), kong.stop(), rm(folder, { recursive: true })]));

describe('from Consul to a declarative file', async () => {
  test.each(await readdir(CASES))('%s', async (name) => {
    const given = path.join(CASES, name);
    fill(consul, await read(given, 'consul.yml'));
    const outputFile = path.join(folder, 'kong.yml');
    const [base, before, held] = await Promise.all(
      ['base.yml', 'before.yml', 'kong.yml'].map((file) => read(given, file)),
    );
    if (before !== '') await writeFile(outputFile, before ?? '');
    if (base !== '') await writeFile(path.join(folder, 'base.yml'), base ?? '');
    if (held === '') await kong.stop();
    else await kong.seed('POST', '/config', { config: held });
    const file = base === '' ? outputFile : path.join(folder, 'base.yml');
    const config = {
      ...settings.parse(parse(await read(given, 'config.yml'))),
      consul: { addr: consul.url },
      kong: { admin_url: kong.adminUrl, ...(held === '' && { declarative_file: file }) },
    };
    const run = (dryRun: boolean) =>
      runCommand(config, (io) => reconcileFileCommand(io, { ...FLAGS, dryRun, outputFile }));

    const plan = await run(true);
    expect(await read(folder, 'kong.yml')).toBe(before);
    const { code } = await run(false);
    await compare(given, 'plan.golden.txt', `${shown(plan.stdout)}exit ${code}\n`);
    const text = await readFile(outputFile, 'utf8');
    await compare(given, 'kong.golden.yml', text.replace(/_at: \d+$/gm, '_at: 0'));
    await expectTaken(text);

    const { ino, mtimeMs } = await stat(outputFile);
    const again = await run(false);
    expect(again).toMatchObject({ code, stdout: expect.stringContaining('is as it should be') });
    expect(await stat(outputFile)).toMatchObject({ ino, mtimeMs });
    expect((await readdir(folder)).sort()).toEqual(base === '' ? ['kong.yml'] : ['base.yml', 'kong.yml']);
  });
});

function shown(text: string): string {
  return text.replaceAll(`${folder}/`, '').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '...');
}

/** A Kong without a database loads it, and holds what it says. */
async function expectTaken(text: string): Promise<void> {
  const other = await startKongDouble({ database: 'off' });
  try {
    await other.seed('POST', '/config', { config: text });
    const { upstreams } = z.object({ upstreams: z.array(z.object({ name: z.string() })) }).parse(parse(text));
    expect(other.state.upstreams.map(({ name }) => name).sort()).toEqual(upstreams.map(({ name }) => name).sort());
  } finally {
    await other.stop();
  }
}
