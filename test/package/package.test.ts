import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startKongDouble } from '../kong-double/kong-double.ts';
import { startScriptedConsul } from '../scripted-consul/scripted-consul.ts';

/** The package as npm would publish it, made from the sources and installed as a stranger would. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHIPPED = ['compose/examples', 'compose/monitoring', 'compose/security'];
const SOURCES = ['sidecar', 'kong-plugin', ...SHIPPED, 'README.md', 'CHANGELOG.md', 'LICENSE'];
const SET_UP_MS = 300_000;
const run = promisify(execFile);
const npm = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
const packed = z.tuple([
  z.object({ filename: z.string(), size: z.number(), files: z.array(z.object({ path: z.string() })) }),
]);

let folder: string;
let tarball: z.infer<typeof packed>[0];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-package-'));
  const sources = path.join(folder, 'sources');
  const manifests = ['package.json', 'package-lock.json', 'tsconfig.json'];
  for (const name of [...SOURCES, ...manifests])
    await cp(path.join(ROOT, name), path.join(sources, name), { recursive: true });
  await symlink(path.join(ROOT, 'node_modules'), path.join(sources, 'node_modules'));
  const env = { ...process.env, ...npm };
  const { stdout } = await run('npm', ['pack', '--silent', '--json', '--pack-destination', folder], {
    cwd: sources,
    env,
  });
  [tarball] = packed.parse(JSON.parse(stdout));
  const prefix = path.join(folder, 'prefix');
  await mkdir(prefix);
  await run('npm', ['install', '--global', '--prefix', prefix, path.join(folder, tarball.filename)], { env });
}, SET_UP_MS);

afterAll(() => rm(folder, { recursive: true }));

/** The installed program, outside of the repository. */
async function program(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const bin = path.join(folder, 'prefix/bin/kong-consul');
  const options = { cwd: folder, env: { PATH: process.env.PATH, NO_COLOR: '1' } };
  return run(bin, args, options).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: unknown) => z.object({ code: z.number(), stdout: z.string() }).parse(error),
  );
}

describe('the package', () => {
  test('holds the program, the plugin, the examples and what to read, and nothing else', () => {
    const unexpected = tarball.files
      .map(({ path: name }) => name)
      .filter((name) => !['dist', 'kong-plugin/kong', ...SHIPPED].some((part) => name.startsWith(`${part}/`)))
      .sort();
    expect(unexpected).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'kong-plugin/README.md',
      'kong-plugin/kong-plugin-kong-upstream-healthcheck-0.1.0-1.rockspec',
      'package.json',
    ]);
    const names = tarball.files.map(({ path: name }) => name);
    expect(names).toEqual(expect.arrayContaining(['dist/main.js', 'dist/page/index.html']));
    for (const name of names) expect(name).not.toMatch(/\.(ts|map|tsbuildinfo)$|\btest\b|_spec\.lua$/);
  });

  test('has what its README speaks of, but for the demo and what the repository alone has', async () => {
    const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link);
    const names = tarball.files.map(({ path: name }) => name);
    const missing = links.filter((link) => !names.some((name) => name === link || name.startsWith(`${link}/`)));
    expect([...new Set(missing)].sort()).toEqual(['compose/README.md', 'sidecar/ARCHITECTURE.md']);
  });

  test('is small for what holds all that it needs', () => {
    expect(tarball.size).toBeLessThan(700_000);
  });

  test('says its version', async () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')));
    expect(await program('--version')).toEqual({ code: 0, stdout: `${version}\n` });
  });

  test('helps: all commands with help, the options of one with help and its name', async () => {
    const help = await program('help');
    expect(help.code).toBe(0);
    for (const command of ['run', 'reconcile', 'diff', 'status', 'bindings', 'explain', 'doctor', 'config', 'cleanup'])
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command}\\b.* {2}\\S`, 'm'));
    expect((await program('help', 'run')).stdout).toContain('--consul-addr <url>');
  });

  test('works, installed: shows what it would write', async () => {
    const consul = await startScriptedConsul();
    const kong = await startKongDouble();
    await kong.seed('POST', '/services', { name: 'web', host: 'web' });
    await kong.seed('POST', '/services/web/plugins', { name: 'kong-upstream-healthcheck' });
    consul.register({ ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80 });
    const { code, stdout } = await program('diff', '--consul-addr', consul.url, '--kong-admin-url', kong.adminUrl);
    expect({ code, stdout }).toEqual({ code: 2, stdout: expect.stringContaining('10.0.0.1:80') });
    await Promise.all([consul.stop(), kong.stop()]);
  });
});
