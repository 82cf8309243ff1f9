import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runCli } from '../integration/cli.ts';
import { lintComposeFile, ROOT, readComposeFile } from './compose-file.ts';

const FOLDER = path.join(ROOT, 'compose/examples');
const CONFIG = path.join(FOLDER, 'kong-consul.yml');
const PROGRAM = '/usr/local/bin/kong-consul';
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

/** The program takes this environment, and the example's config file. */
async function isTaken(env: Readonly<Record<string, string>>): Promise<void> {
  const { code, stderr } = await runCli(['config', '--config', CONFIG], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

describe('the config file of the examples', () => {
  test('is one that the program takes', () => isTaken({}));
});

describe('the systemd unit', () => {
  const unit = readFileSync(path.join(FOLDER, 'kong-consul.service'), 'utf8');

  test('starts the program with the config file that the README installs', () => {
    expect(unit).toContain(`ExecStart=${PROGRAM} run --config /etc/kong-consul/kong-consul.yml\n`);
    expect(readFileSync(path.join(FOLDER, 'README.md'), 'utf8')).toContain(
      'kong-consul.yml /etc/kong-consul/kong-consul.yml',
    );
  });

  test('allows the pages of memory that a just-in-time compiler needs', () => {
    expect(unit).not.toContain('MemoryDenyWriteExecute=');
  });

  test.runIf(hasSystemd)('is one that systemd takes, and leaves little open', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'kong-consul-unit-'));
    const file = path.join(folder, 'kong-consul.service');
    writeFileSync(file, unit.replace(PROGRAM, process.execPath));
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect(verified).toMatchObject({ status: 0, stderr: '' });
    // In tenths: 1.5 of 10, where 10 is a unit that may do all.
    const exposure = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=15', file]);
    expect(exposure.status, String(exposure.stdout)).toBe(0);
    rmSync(folder, { recursive: true });
  });
});

describe('the Nomad job', () => {
  const parseToObject = z
    .object({ parseToObject: z.function({ input: [z.string()], output: z.tuple([z.unknown(), z.unknown()]) }) })
    .parse(createRequire(import.meta.url)('hcl2-parser')).parseToObject;
  const one = <Shape extends z.ZodType>(shape: Shape) => z.array(shape).length(1);
  const jobFile = z.object({
    job: z.object({
      'kong-consul': one(
        z.object({
          group: z.object({
            sidecar: one(
              z.object({
                count: z.number(),
                network: one(z.object({ port: z.object({ status: one(z.object({ to: z.number() })) }) })),
                service: one(z.object({ port: z.string(), check: one(z.object({ path: z.string() })) })),
                task: z.object({
                  'kong-consul': one(
                    z.object({
                      config: one(z.object({ image: z.string(), ports: z.array(z.string()) })),
                      env: one(z.record(z.string(), z.string())),
                    }),
                  ),
                }),
              }),
            ),
          }),
        }),
      ),
    }),
  });
  const [parsed, problem] = parseToObject(readFileSync(path.join(FOLDER, 'kong-consul.nomad.hcl'), 'utf8'));
  const group = jobFile.parse(parsed).job['kong-consul'][0]?.group.sidecar[0];
  const task = group?.task['kong-consul'][0];

  test('is HCL', () => {
    expect(problem).toBeNull();
  });

  test('has several sidecars of which one leads, with an environment that the program takes', async () => {
    const env = task?.env[0] ?? {};
    expect(group?.count).toBeGreaterThan(1);
    expect(env.KONG_CONSUL_LEADER_ELECTION).toBe('true');
    await isTaken(
      Object.fromEntries(Object.entries(env).map(([key, value]) => [key, value.replace(/\$\{.*?\}/, '10.0.0.1')])),
    );
  });

  test('checks the port that the program listens on', () => {
    expect(task?.env[0]?.KONG_CONSUL_LISTEN).toBe(`0.0.0.0:${group?.network[0]?.port.status[0]?.to}`);
    expect(task?.config[0]?.ports).toEqual([group?.service[0]?.port]);
    expect(group?.service[0]?.check[0]?.path).toBe('/readyz');
  });

  test('names the image by the version of the package', () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')));
    expect(task?.config[0]?.image).toBe(`kong-consul:${version}`);
    expect(readComposeFile('compose/examples/beside-kong.yml').services['kong-consul']?.image).toBe(
      `kong-consul:${version}`,
    );
  });
});

describe('the Compose file beside a Kong', () => {
  const file = 'compose/examples/beside-kong.yml';

  test('is what the Compose specification allows, and the linter finds nothing', () => {
    expect(lintComposeFile(file)).toEqual([]);
  });

  test('mounts the config file, and has an environment that the program takes', async () => {
    const service = readComposeFile(file).services['kong-consul'];
    expect(service?.volumes).toEqual(['./kong-consul.yml:/etc/kong-consul/kong-consul.yml:ro']);
    expect(service?.command).toEqual(['run', '--config', '/etc/kong-consul/kong-consul.yml']);
    await isTaken(service?.environment ?? {});
  });
});
