import { writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ReconcileFileFlags, reconcileFileCommand } from '../../sidecar/src/cli/reconcile-file-command.ts';
import { type CommandResult, runCommand } from '../integration/command.ts';
import { type KongDouble, type KongDoubleOptions, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';

const BASE = `_format_version: "3.0"
services: # mine
- {name: web, host: web}
`;
const UNREADABLE = { kind: 'answer', status: 500 } as const;

let consul: ScriptedConsul;
let kong: KongDouble;
let folder: string;
/** The user's declarative file, and the one to write. */
let base: string;
let outputFile: string;

beforeEach(async () => {
  [consul, folder] = await Promise.all([startScriptedConsul(), mkdtemp(path.join(os.tmpdir(), 'kong-consul-'))]);
  await startKong({ database: 'off' });
  base = path.join(folder, 'base.yml');
  outputFile = path.join(folder, 'kong.yml');
  await writeFile(base, BASE);
  for (const at of [1, 2]) for (const name of ['web', 'api']) register(name, at);
});

afterEach(() => Promise.all([consul.stop(), kong.stop(), rm(folder, { recursive: true })]));

async function startKong(options: KongDoubleOptions): Promise<void> {
  kong = await startKongDouble({ healthUpdateMs: 0, ...options });
}

function register(name: string, at: number): void {
  consul.register({ ID: `${name}-${at}`, Name: name, Address: `10.0.${name.length}.${at}`, Port: 80 });
}

interface Given {
  readonly flags?: Partial<ReconcileFileFlags>;
  readonly kong?: Readonly<Record<string, unknown>>;
  readonly upstreams?: Readonly<Record<string, unknown>>;
}

function reconcile({ flags, kong: kongConfig, upstreams = { web: {}, api: {} } }: Given = {}): Promise<CommandResult> {
  const all = { dryRun: false, force: false, only: [], output: 'table', outputFile, ...flags } as const;
  const config = {
    consul: { addr: consul.url },
    kong: kongConfig ?? { admin_url: kong.adminUrl, declarative_file: base },
    upstreams,
  };
  return runCommand(config, (io) => reconcileFileCommand(io, all));
}

/** Upstreams with their targets, as a text says. */
function targetsIn(text: string): unknown {
  const { upstreams } = parse(text);
  return Object.fromEntries(
    upstreams.map(({ name, targets }: { name: string; targets?: readonly { target: string }[] }) => [
      name,
      (targets ?? []).map(({ target }) => target),
    ]),
  );
}

const BOTH = { web: ['10.0.3.1:80', '10.0.3.2:80'], api: ['10.0.3.1:80', '10.0.3.2:80'] };

describe('a declarative file', () => {
  test('is made of another, and no Kong is asked', async () => {
    expect(await reconcile()).toMatchObject({ code: 0, stdout: expect.stringContaining('kong.yml was written') });
    expect(targetsIn(await readFile(outputFile, 'utf8'))).toEqual(BOTH);
    expect(await readFile(base, 'utf8')).toBe(BASE);
    expect(kong.requests).toEqual([]);
  });

  test('is the same bytes whatever it is compared with, and is only written when they differ', async () => {
    await reconcile();
    const first = await readFile(outputFile, 'utf8');
    await writeFile(outputFile, '');
    await reconcile();
    expect(await readFile(outputFile, 'utf8')).toBe(first);
    await chmod(outputFile, 0o640);
    const before = await stat(outputFile);
    expect(await reconcile()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('kong.yml is as it should be'),
    });
    expect(await stat(outputFile)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  test('is no more open than its base, and what Kong gave is for its owner alone', async () => {
    await chmod(base, 0o640);
    await reconcile();
    expect((await stat(outputFile)).mode & 0o777).toBe(0o640);
    await rm(outputFile);
    await kong.seed('POST', '/config', { config: BASE });
    await reconcile({ kong: { admin_url: kong.adminUrl } });
    expect((await stat(outputFile)).mode & 0o777).toBe(0o600);
  });

  test('keeps its mode, and a link its file', async () => {
    const real = path.join(folder, 'real.yml');
    await writeFile(real, BASE);
    await chmod(real, 0o640);
    await symlink(real, outputFile);
    await reconcile();
    expect((await stat(real)).mode & 0o777).toBe(0o640);
    expect(targetsIn(await readFile(real, 'utf8'))).toEqual(BOTH);
    expect((await readdir(folder)).sort()).toEqual(['base.yml', 'kong.yml', 'real.yml']);
  });

  test('says as JSON what became of it', async () => {
    const dry = await reconcile({ flags: { output: 'json', dryRun: true } });
    expect(JSON.parse(dry.stdout)).toMatchObject({
      written: [],
      output_file: { path: outputFile, outcome: 'pending' },
    });
    expect(await readdir(folder)).toEqual(['base.yml']);
    const { stdout } = await reconcile({ flags: { output: 'json' } });
    expect(JSON.parse(stdout)).toMatchObject({
      written: expect.arrayContaining([expect.objectContaining({ kind: 'add-target', upstream: 'web' })]),
      output_file: { outcome: 'written' },
    });
    expect(JSON.parse((await reconcile({ flags: { output: 'json' } })).stdout)).toMatchObject({
      written: [],
      output_file: { outcome: 'unchanged' },
    });
  });

  test('goes to stdout alone, with all else in the log', async () => {
    const stdout = { outputFile: '-' };
    expect(await reconcile({ flags: { ...stdout, dryRun: true } })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('+ target 10.0.3.1:80 added'),
    });
    const printed = await reconcile({ flags: stdout });
    expect(printed).toMatchObject({ code: 0, log: expect.stringContaining('target 10.0.3.1:80 added') });
    await reconcile();
    expect(await readFile(outputFile, 'utf8')).toBe(printed.stdout);
    consul.always('api', () => UNREADABLE);
    expect(await reconcile({ flags: stdout })).toMatchObject({
      code: 1,
      stdout: '',
      log: expect.stringContaining('nothing is written'),
    });
  });

  test('has with --only what it had of the others', async () => {
    await reconcile();
    register('web', 3);
    register('api', 3);
    await reconcile({ flags: { only: ['api'] } });
    expect(targetsIn(await readFile(outputFile, 'utf8'))).toEqual({ ...BOTH, api: [...BOTH.api, '10.0.3.3:80'] });
  });

  test('is adopted anew each time, so that an edit of the base comes through, and that alone is no change', async () => {
    const adopting = { upstreams: { web: { adopt: true } } };
    await writeFile(
      base,
      `${BASE}upstreams:\n- {name: web, host_header: a.example, targets: [{target: "10.0.3.1:80"}]}\n`,
    );
    await reconcile(adopting);
    expect(await reconcile(adopting)).toMatchObject({ stdout: expect.stringContaining('kong.yml is as it should be') });
    await writeFile(base, `${BASE}upstreams:\n- {name: web, tags: [team]}\n`);
    expect(await reconcile(adopting)).toMatchObject({ stdout: expect.stringContaining('was written') });
    expect(parse(await readFile(outputFile, 'utf8')).upstreams).toEqual([
      expect.objectContaining({ name: 'web', tags: ['team', 'kong-consul:default'] }),
    ]);
    await reconcile({ upstreams: {} });
    expect(await readFile(outputFile, 'utf8')).toBe(await readFile(base, 'utf8'));
  });
});

describe('the guard of a declarative file', () => {
  test('compares with what the file holds, and --force overrules it', async () => {
    await reconcile();
    for (const at of [1, 2]) consul.deregister(`web-${at}`);
    const before = await readFile(outputFile, 'utf8');
    expect(await reconcile()).toMatchObject({ code: 3, stdout: expect.stringContaining('held (empty_grace)') });
    expect(await readFile(outputFile, 'utf8')).toBe(before);
    expect(await reconcile({ flags: { force: true } })).toMatchObject({ code: 0 });
    expect(targetsIn(await readFile(outputFile, 'utf8'))).toEqual({ ...BOTH, web: [] });
  });

  test('compares with what is ours in the base while there is no file, as with a new one for each run', async () => {
    await reconcile();
    await writeFile(base, await readFile(outputFile, 'utf8'));
    for (const at of [1, 2]) consul.deregister(`web-${at}`);
    for (const flags of [{ outputFile: '-' }, { outputFile: path.join(folder, 'new.yml') }])
      expect(await reconcile({ flags })).toMatchObject({ code: 3 });
    expect(targetsIn(await readFile(path.join(folder, 'new.yml'), 'utf8'))).toEqual(BOTH);
  });

  test('keeps what cannot be read, and writes the rest; a first file is whole or none', async () => {
    consul.always('web', () => UNREADABLE);
    expect(await reconcile()).toMatchObject({ code: 1, stdout: expect.stringContaining('kong.yml is not written') });
    expect(await readdir(folder)).toEqual(['base.yml']);
    consul.always('web', undefined);
    await reconcile();
    consul.always('web', () => UNREADABLE);
    register('api', 3);
    expect(await reconcile()).toMatchObject({ code: 1, stdout: expect.stringContaining('kong.yml was written') });
    expect(targetsIn(await readFile(outputFile, 'utf8'))).toEqual({ ...BOTH, api: [...BOTH.api, '10.0.3.3:80'] });
  });

  test('takes away what nothing binds any more', async () => {
    await reconcile();
    await reconcile({ upstreams: { api: {} } });
    expect(targetsIn(await readFile(outputFile, 'utf8'))).toEqual({ api: BOTH.api });
  });
});

describe('what Kong holds', () => {
  test('is the base when there is no file of the user, and is read again each time', async () => {
    const fromKong = () => reconcile({ kong: { admin_url: kong.adminUrl } });
    await kong.seed('POST', '/config', { config: BASE });
    expect(await fromKong()).toMatchObject({ code: 0 });
    const text = await readFile(outputFile, 'utf8');
    expect(targetsIn(text)).toEqual(BOTH);
    expect(kong.writes()).toEqual([]);
    await kong.seed('POST', '/config', { config: text.replace('name: web\n  host', 'name: shop\n  host') });
    expect(await fromKong()).toMatchObject({ code: 0, stdout: expect.stringContaining('was written') });
    expect(parse(await readFile(outputFile, 'utf8'))).toMatchObject({ services: [{ name: 'shop' }] });
  });

  test('does not take the place of what somebody wrote', async () => {
    await writeFile(outputFile, BASE);
    const words = 'kong.yml: is not from kong-consul, and what Kong holds would take its place';
    await expect(reconcile({ kong: { admin_url: kong.adminUrl } })).rejects.toThrow(words);
    expect(await readFile(outputFile, 'utf8')).toBe(BASE);
  });

  test('is in a database, or in several Kongs: a declarative file is asked for', async () => {
    const other = await startKongDouble({ database: 'off' });
    const fleet = { admin_url: [kong.adminUrl, other.adminUrl] };
    await expect(reconcile({ kong: fleet })).rejects.toThrow('takes one Kong as its base');
    await Promise.all([other.stop(), kong.stop()]);
    await startKong({});
    const words = /keeps its entities in a database \(postgres\): --output-file needs kong\.declarative_file/;
    await expect(reconcile({ kong: { admin_url: kong.adminUrl } })).rejects.toThrow(words);
    expect(await readdir(folder)).toEqual(['base.yml']);
  });
});

describe('nothing is written, and it is said why', () => {
  const latin1 = Buffer.from(`# é\n${BASE}`, 'latin1');
  test.each<[string, string | Buffer | undefined, string]>([
    ['there is no base', undefined, 'base.yml: cannot be read (ENOENT)'],
    ['the base is broken', 'services: [\n', 'base.yml:2:1: '],
    ['the base is not UTF-8', latin1, 'base.yml: is not UTF-8'],
    ['the base is something else', 'services: []\n', 'base.yml: is no declarative configuration of Kong'],
    ['it would be too large', `${BASE}# ${'x'.repeat(11 * 1024 * 1024)}\n`, 'kong.yml: would have 11.0 MB'],
  ])('when %s', async (_what, text, words) => {
    await (text === undefined ? rm(base) : writeFile(base, text));
    const before = await readdir(folder);
    await expect(reconcile()).rejects.toThrow(words);
    expect(await readdir(folder)).toEqual(before);
  });

  test.each<[string, string, string]>([
    ['is broken', 'upstreams: [\n', 'kong.yml:2:1: '],
    ['is something else', 'version: "3"\nservices: {}\n', 'kong.yml: is no declarative configuration of Kong'],
  ])('when the file that is there %s', async (_what, text, words) => {
    await writeFile(outputFile, text);
    await expect(reconcile()).rejects.toThrow(words);
    expect(await readFile(outputFile, 'utf8')).toBe(text);
  });

  test('when the path cannot be written to', async () => {
    await mkdir(outputFile);
    await expect(reconcile()).rejects.toThrow('kong.yml: cannot be written (EISDIR)');
    const nowhere = path.join(folder, 'no', 'kong.yml');
    await expect(reconcile({ flags: { outputFile: nowhere } })).rejects.toThrow('kong.yml: cannot be written (ENOENT)');
    const below = path.join(base, 'kong.yml');
    await expect(reconcile({ flags: { outputFile: below } })).rejects.toThrow('kong.yml: cannot be written (ENOTDIR)');
    expect((await readdir(folder)).sort()).toEqual(['base.yml', 'kong.yml']);
  });

  test('when somebody else writes to the file meanwhile', async () => {
    await reconcile();
    register('web', 3);
    consul.always('api', () => {
      writeFileSync(outputFile, BASE);
      return UNREADABLE;
    });
    await expect(reconcile()).rejects.toThrow('kong.yml: has been changed meanwhile');
    expect(await readFile(outputFile, 'utf8')).toBe(BASE);
  });
});
