import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { diffCommand } from '../../sidecar/src/cli/diff-command.ts';
import { doctorCommand } from '../../sidecar/src/cli/doctor-command.ts';
import type { ExitCode } from '../../sidecar/src/cli/exit-code.ts';
import { explainCommand } from '../../sidecar/src/cli/explain-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import type { CommandIo } from '../../sidecar/src/cli/session.ts';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type RunningCli, startCli } from './cli.ts';
import { runCommand } from './command.ts';
import { eventually } from './eventually.ts';

type Command = (io: CommandIo) => Promise<ExitCode>;
const reconcile: Command = (io) => reconcileCommand(io, { dryRun: false, force: false, only: [], output: 'table' });
const diff: Command = (io) => diffCommand(io, { only: [], output: 'table' });
const explain: Command = (io) => explainCommand(io, 'web-1', { output: 'table' });
const doctor: Command = (io) => doctorCommand(io, { output: 'table' });
const ELECTION = { leader_election: true };

const tokenAnswer = z.object({ SecretID: z.string() });

let folder: string;
let consul: ConsulAgent;
let kong: KongDouble;
let policy: string;
let sidecar: RunningCli | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  await writeFile(path.join(folder, 'config.yml'), 'upstreams: { web: {} }\n');
  policy = await readFile('compose/security/consul-policy.hcl', 'utf8');
  [consul, kong] = await Promise.all([startConsul({ acl: true }), startKongDouble()]);
  for (const at of [1, 2, 3]) await register(at);
  // A global plugin, which needs the list of all services.
  await kong.seed('POST', '/services', { name: 'shop', host: 'shop.service.consul' });
  await kong.seed('POST', '/plugins', { name: 'kong-upstream-healthcheck' });
  await consul.register({ ID: 'shop-1', Name: 'shop', Address: '10.0.1.1', Port: 80 });
});

afterAll(async () => {
  await Promise.all([consul.dispose(), kong.stop(), rm(folder, { recursive: true })]);
});

afterEach(async () => {
  sidecar?.process.kill('SIGKILL');
  await sidecar?.ended;
  sidecar = undefined;
});

async function register(at: number): Promise<void> {
  await consul.register({ ID: `web-${at}`, Name: 'web', Address: `10.0.0.${at}`, Port: 80 });
}

/** The policy of the file without the rules of one resource. */
function without(...resources: readonly string[]): string {
  return resources.reduce((rules, resource) => {
    const rest = rules.replace(new RegExp(`^${resource}_prefix "[^"]*" \\{[^}]*\\}\n`, 'm'), '');
    expect(rest).not.toBe(rules);
    return rest;
  }, policy);
}

async function tokenWith(rules: string): Promise<string> {
  const name = `policy-${performance.now()}`.replace('.', '-');
  await consul.request('PUT', '/v1/acl/policy', { Name: name, Rules: rules });
  return tokenAnswer.parse(await consul.request('PUT', '/v1/acl/token', { Policies: [{ Name: name }] })).SecretID;
}

function args(...command: readonly string[]): readonly string[] {
  const urls = ['--consul-addr', consul.url, '--kong-admin-url', kong.adminUrl];
  return [...command, '--config', path.join(folder, 'config.yml'), '--log-format', 'json', ...urls];
}

/** One command with a token of its own: all that it says, and how it ends. */
async function once(rules: string, command: Command, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const config = {
    consul: { addr: consul.url, token: await tokenWith(rules) },
    kong: { admin_url: kong.adminUrl },
    upstreams: { web: {} },
    ...more,
  };
  const { code, stdout, log } = await runCommand(config, command);
  return `${stdout}${log}exit ${code}`;
}

/** `run`, with its token in a file that can be given another. */
async function follow(rules: string, ...flags: readonly string[]): Promise<(next: string) => Promise<void>> {
  const file = path.join(folder, 'token');
  let seconds = Date.now() / 1000;
  const give = async (next: string) => {
    await writeFile(file, await tokenWith(next));
    seconds += 10;
    await utimes(file, seconds, seconds);
  };
  await give(rules);
  const waits = ['--consul-wait-seconds', '1', '--listen', 'off', '--empty-grace-seconds', '0'];
  sidecar = startCli(args('run', '--consul-token-file', file, ...waits, ...flags));
  return give;
}

function said(): string {
  return sidecar?.stderr() ?? '';
}

describe('with the policy of the file', () => {
  test('every command works', async () => {
    expect(await once(policy, reconcile)).toContain('exit 0');
    expect(kong.targets('web')).toEqual(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1']);
    expect(kong.targets('shop.service.consul')).toEqual(['10.0.1.1:80=1']);
    expect(await once(policy, diff)).toContain('exit 0');
    expect(await once(policy, explain)).toContain('10.0.0.1:80');
    const health = await once(policy, doctor, ELECTION);
    expect(health).toContain('the token has all that it needs');
    expect(health).toContain('limit 200 on connections');
    expect(health).not.toMatch(/policy = /);
  });

  test('a leader is elected, follows, and writes', async () => {
    await follow(policy, '--leader-election');
    await eventually(() => expect(said()).toContain('this sidecar leads'));
    await register(4);
    await eventually(() => expect(kong.targets('web')).toContain('10.0.0.4:80=1'));
    expect(said()).not.toMatch(/"level":"(warn|error)"/);
  });
});

describe('without one of its rights that right is named, and Kong keeps its targets', () => {
  test.each([
    ['service', 'lacks service:read', 'service "web" { policy = "read" }'],
    ['node', 'node:read', 'node_prefix "" { policy = "read" }'],
  ])('%s', async (resource, sentence, rule) => {
    const give = await follow(policy);
    await register(5);
    await eventually(() => expect(kong.targets('web')).toContain('10.0.0.5:80=1'));
    kong.clearRequests();
    await give(without(resource));
    await eventually(() => expect(said()).toMatch(/filtered_by_acls|403/));
    expect(said()).toContain(sentence);
    await consul.deregister('web-5');
    expect(await once(without(resource), doctor)).toContain(rule);
    expect(await once(without(resource), reconcile)).toContain('exit 1');
    expect(kong.writes()).toEqual([]);
    await give(policy);
    await eventually(() => expect(kong.targets('web')).not.toContain('10.0.0.5:80=1'));
  });

  test('agent: all works, and doctor names it', async () => {
    expect(await once(without('agent'), reconcile)).toContain('exit 0');
    expect(await once(without('agent'), doctor)).toContain('agent_prefix "" { policy = "read" }');
  });

  test.each([
    ['key', 'key:read on kong-consul/default/leader', 'key "kong-consul/default/leader" { policy = "write" }'],
    ['session', 'session:write', 'session "server-1" { policy = "write" }'],
  ])('%s: nobody leads', async (resource, sentence, rule) => {
    kong.clearRequests();
    await follow(without(resource), '--leader-election', '--owner', 'default');
    await eventually(() => expect(said()).toMatch(sentence));
    await register(6);
    expect(await once(without(resource), doctor, ELECTION)).toContain(rule);
    await consul.deregister('web-6');
    expect(kong.writes()).toEqual([]);
  });

  test('none of the election’s rights is needed without an election', async () => {
    await follow(without('key', 'session'));
    await register(7);
    await eventually(() => expect(kong.targets('web')).toContain('10.0.0.7:80=1'));
    expect(said()).not.toMatch(/"level":"(warn|error)"/);
    await consul.deregister('web-7');
  });
});

test('one rule for each bound service is enough without a global plugin', async () => {
  await kong.seed('DELETE', '/services/shop', {});
  const narrow = without('service').concat('service "web" { policy = "read" }\n');
  await follow(narrow, '--sources-plugin', 'false');
  await register(8);
  await eventually(() => expect(kong.targets('web')).toContain('10.0.0.8:80=1'));
});
