import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { runCli } from './cli.ts';
import { eventually } from './eventually.ts';
import { consul, folder, kong, realRigEachTest, sidecar, startSidecar } from './real-rig.ts';

/** The built program on a real Consul, told to write less than it could, or what was somebody else's. */
realRigEachTest();

beforeEach(async () => {
  for (const at of [1, 2, 3]) await register(at);
});

async function register(at: number): Promise<void> {
  await consul.register({ ID: `web-${at}`, Name: 'web', Address: `10.0.0.${at}`, Port: 80 });
}

async function cli(upstream: string, ...args: readonly string[]) {
  return await runCli(await argsOf(upstream, args));
}

async function run(upstream: string, ...args: readonly string[]): Promise<void> {
  startSidecar(await argsOf(upstream, ['run', '--listen', '127.0.0.1:0', ...args]));
}

async function argsOf(upstream: string, args: readonly string[]): Promise<readonly string[]> {
  const file = path.join(folder, 'config.yml');
  await writeFile(file, `resync_seconds: 1\nowner_check_seconds: 0.5\nupstreams:\n  web: ${upstream}\n`);
  return [...args, '--config', file, '--consul-addr', consul.url, '--kong-admin-url', kong.adminUrl];
}

/** What the sidecar serves, once it says where. */
async function served(where: string): Promise<string> {
  const url = () => /"url":"(http:[^"]+)"/.exec(sidecar?.stderr() ?? '')?.[1];
  await eventually(() => expect(url()).toBeDefined());
  return await (await fetch(`${url()}${where}`)).text();
}

const upstream = () => kong.admin.tables.find('upstreams', 'web');
const targets = (...ats: readonly number[]) => ats.map((at) => `10.0.0.${at}:80=1`);

test('upsert_only: what is new is added at once, what is gone stays, and status says so', async () => {
  await run('{}', '--kong-policy', 'upsert_only');
  await eventually(() => expect(kong.targets('web')).toEqual(targets(1, 2, 3)));

  await consul.deregister('web-1');
  await register(4);
  await eventually(() => expect(kong.targets('web')).toEqual(targets(1, 2, 3, 4)));
  const { code, stdout } = await cli('{}', 'status', '--kong-policy', 'upsert_only');
  expect(code).toBe(2);
  expect(stdout).toMatch(/web +held .*upsert_only/);
  expect(kong.writes().filter(({ method }) => method === 'DELETE')).toEqual([]);

  // Back to the usual policy: what was held goes.
  expect((await cli('{}', 'reconcile')).code).toBe(0);
  expect(kong.targets('web')).toEqual(targets(2, 3, 4));
});

test('run --dry-run: watches, plans, logs and serves, and never writes', async () => {
  await cli('{}', 'reconcile');
  kong.requests.length = 0;
  await run('{}', '--dry-run');

  await consul.deregister('web-1');
  await register(4);
  await eventually(async () => {
    const shown = JSON.parse(await served('/api/v1/upstreams/web'));
    expect(JSON.stringify(shown)).toContain('10.0.0.4:80');
  });
  expect(await served('/metrics')).toContain('kong_consul_');
  expect(kong.writes()).toEqual([]);
  expect(kong.targets('web')).toEqual(targets(1, 2, 3));
  const { code, stdout } = await cli('{}', 'diff');
  expect({ code, writes: kong.writes() }).toEqual({ code: 2, writes: [] });
  expect(stdout).toContain('10.0.0.4:80');
});

test('adopt: a foreign upstream gets our tag and settings and keeps its tags and targets; without adopt it keeps all', async () => {
  const theirs = await kong.seed('POST', '/upstreams', {
    name: 'web',
    slots: 500,
    algorithm: 'least-connections',
    tags: ['team-a'],
  });
  await kong.seed('POST', '/upstreams/web/targets', { target: '192.0.2.9:80', weight: 7 });

  expect((await cli('{ upstream: { algorithm: round-robin } }', 'reconcile')).code).toBe(0);
  expect(upstream()).toMatchObject({ id: theirs.id, algorithm: 'least-connections', tags: ['team-a'] });
  expect(kong.targets('web')).toEqual([...targets(1, 2, 3), '192.0.2.9:80=7']);

  expect((await cli('{ adopt: true, upstream: { algorithm: round-robin } }', 'reconcile')).code).toBe(0);
  expect(upstream()).toMatchObject({
    id: theirs.id,
    // Not given, so Kong's default.
    slots: 10_000,
    algorithm: 'round-robin',
    tags: ['team-a', 'kong-consul:default'],
  });
  expect(kong.targets('web')).toEqual([...targets(1, 2, 3), '192.0.2.9:80=7']);

  // Given back: what was theirs stays, what was ours goes.
  expect((await cli('{ adopt: true }', 'cleanup', '--yes')).code).toBe(0);
  expect(kong.targets('web')).toEqual(['192.0.2.9:80=7']);
  expect(upstream()).toMatchObject({ id: theirs.id, tags: ['team-a'] });
});
