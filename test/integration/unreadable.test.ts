import { afterEach, beforeEach, expect, test } from 'vitest';
import { diffCommand } from '../../sidecar/src/cli/diff-command.ts';
import { doctorCommand } from '../../sidecar/src/cli/doctor-command.ts';
import { explainCommand } from '../../sidecar/src/cli/explain-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import { statusCommand } from '../../sidecar/src/cli/status-command.ts';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { runCommand } from './command.ts';

const RIGHTS = ['agent', 'service', 'node'].map((kind) => `${kind}_prefix "" { policy = "read" }`).join(' ');
const SERVICES = ['web', 'api', 'pay', 'tax', 'sms'];
let consul: ConsulAgent;
let kong: KongDouble;
let token: { readonly secret: string; readonly accessor: string };

beforeEach(async () => {
  [consul, kong] = await Promise.all([startConsul({ acl: true }), startKongDouble()]);
  for (const [at, Name] of SERVICES.entries()) {
    for (const instance of [1, 2])
      await consul.register({ ID: `${Name}-${instance}`, Name, Address: `10.0.${at}.${instance}`, Port: 80 });
  }
  await consul.request('PUT', '/v1/acl/policy', { Name: 'sidecar', Rules: RIGHTS });
  const made = await consul.request('PUT', '/v1/acl/token', { Policies: [{ Name: 'sidecar' }] });
  token = {
    secret: String(Reflect.get(Object(made), 'SecretID')),
    accessor: String(Reflect.get(Object(made), 'AccessorID')),
  };
  const flags = { dryRun: false, force: false, only: [], output: 'json' } as const;
  await runCommand(config(), (io) => reconcileCommand(io, flags));
  await consul.request('DELETE', `/v1/acl/token/${token.accessor}`);
});

afterEach(() => Promise.all([consul.dispose(), kong.stop()]));

function config() {
  const upstreams = Object.fromEntries(SERVICES.map((name) => [name, {}]));
  return { consul: { addr: consul.url, token: token.secret }, kong: { admin_url: kong.adminUrl }, upstreams };
}

const explain = (name: string) => runCommand(config(), (io) => explainCommand(io, name, { output: 'table' }));

test('with a token that was revoked it is told what Kong still holds, and that the token is the cause', async () => {
  const { code, stdout } = await runCommand(config(), (io) => statusCommand(io, { output: 'json' }));
  expect(code).toBe(1);
  const [first] = JSON.parse(stdout).upstreams;
  expect(first).toMatchObject({
    state: 'waiting',
    targets: 2,
    remark: 'Consul does not know this ACL token (any more): 403 ACL not found',
  });
  const diff = await runCommand(config(), (io) => diffCommand(io, { only: [], output: 'table' }));
  expect(diff).toMatchObject({ code: 1, stdout: expect.stringMatching(/^5 upstreams cannot be compared\.\n$/m) });
  expect(diff.stdout).not.toContain('No differences');
  const web = (await explain('web')).stdout;
  expect(web).toContain('traffic   2 targets stay in Kong');
  expect(web).toContain('Kong      holds 2 targets');
  expect(web).toContain('kong-consul doctor says what Consul wants. Restarting kong-consul is safe, and does not help');
  expect((await explain('10.0.9.9:80')).stdout).toContain('Consul cannot be read for api and 4 more');
  const one = (await explain('10.0.0.2:80')).stdout;
  expect(one).toMatch(/^only in Kong {2}10\.0\.0\.2:80, .*: it stays as long as Consul cannot be read/);
  expect(one).toContain('web  waiting: Consul gave no answer that can be trusted; Kong keeps its targets');
  expect(one).toContain('it stays as long as Consul cannot be read');
});

test('doctor names the cause alone, not each service that it takes along', async () => {
  const { code, stdout } = await runCommand(config(), (io) => doctorCommand(io, { output: 'table' }));
  expect(code).toBe(1);
  expect(stdout.match(/^FAIL/gm)).toHaveLength(1);
  expect(stdout).toContain('FAIL  ACL token: Consul does not know it (any more)');
  expect(stdout).toContain('ok    restart: safe at any time: Kong keeps its targets');
  expect(stdout).toMatch(/1 wrong: ACL token\n$/);
});
