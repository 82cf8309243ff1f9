import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../integration/cli.ts';
import { load, problemsOf } from './load-config.ts';

/** What an editor makes of a file, by the schema that the program prints. */
async function editor(): Promise<(file: string) => boolean> {
  const { code, stdout } = await runCli(['config', '--schema']);
  expect(code).toBe(0);
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(stdout));
  return (file) => validate(parse(file)) === true;
}

const GOOD = [
  '{}',
  'owner: mine',
  'consul: { addr: "consul:8500", wait_seconds: 30 }\nkong: { admin_url: http://kong:8001 }',
  'kong: { admin_url: [http://a:8001, http://b:8001], header: { X-Key: v }, policy: upsert_only }',
  'listen: "off"\nlog: { level: debug, format: pretty }\nleader_election: true',
  'upstreams:\n  web: {}\n  api.service.consul: { service: api, tags: [v1], passing_only: true, port: 8080 }',
  'upstreams: { web: { upstream: { algorithm: least-connections }, on_no_healthy: remove, panic_threshold: 50 } }',
  'upstreams: { web: { healthchecks: { threshold: 10, active: { healthy: { interval: 5, successes: 2 }, unhealthy: { interval: 5 } } } } }',
];

const BAD = [
  'ownr: mine',
  'owner: [mine]',
  'consul: http://consul:8500',
  'consul: { wait_seconds: 0 }',
  'consul: { token: "" }',
  'kong: { concurrency: 1.5 }',
  'kong: { policy: always }',
  'kong: { admin_url: [] }',
  'log: { level: loud }',
  'upstreams: [web]',
  'upstreams: { web: { sevice: api } }',
  'upstreams: { web: { port: 70000 } }',
  'upstreams: { web: { on_no_healthy: panic } }',
  'upstreams: { web: { upstream: { algorithm: random } } }',
  'upstreams: { web: { healthchecks: { active: { healthy: { interval: "5" } } } } }',
];

test('an editor and the program take the same good files', async () => {
  const isGood = await editor();
  for (const file of GOOD) {
    expect(isGood(file), file).toBe(true);
    await load({ file });
  }
});

test('an editor and the program refuse the same bad files', async () => {
  const isGood = await editor();
  for (const file of BAD) {
    expect(isGood(file), file).toBe(false);
    expect((await problemsOf({ file })).length, file).toBeGreaterThan(0);
  }
});
