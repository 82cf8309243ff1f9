import { afterEach, expect, test } from 'vitest';
import { eventually } from '../integration/eventually.ts';
import { registerMany, type Stage, startStage } from './stage.ts';

const NAMES = Array.from({ length: 9 }, (_, at) => `s${at}`);
let stage: Stage | undefined;
afterEach(() => stage?.close());

/** More services than connections. */
async function start(flags: readonly string[], isBroken: boolean): Promise<Stage> {
  stage = await startStage({
    upstreams: NAMES.map((name) => `  ${name}: {}\n`).join(''),
    flags,
    prepare: (consul) => {
      for (const [at, name] of NAMES.entries()) registerMany(consul, name, 2, at);
      if (isBroken) consul.alwaysCritical(() => ({ kind: 'answer', status: 403, raw: 'rpc error: Permission denied' }));
    },
  });
  const { url } = stage;
  await eventually(async () => expect((await fetch(`${url()}/readyz`)).status).toBe(200));
  return stage;
}

async function text({ url }: Stage, path: string): Promise<string> {
  return await (await fetch(`${url()}${path}`)).text();
}

async function problem(at: Stage): Promise<unknown> {
  return JSON.parse(await text(at, '/api/v1/status')).consul.problem;
}

function said({ sidecar }: Stage, sentence: string): readonly string[] {
  return sidecar()
    .stderr()
    .split('\n')
    .filter((line) => line.includes(sentence));
}

test('critical checks that cannot be read are told once an outage, in the status and in the metrics', async () => {
  const at = await start(['--consul-max-connections', '4'], true);
  const critical = () => at.consul.requests.filter(({ path }) => path === '/v1/health/state/critical');
  await eventually(() => expect(critical().length).toBeGreaterThan(3));
  const warned = said(at, 'critical checks cannot be read');
  expect(warned).toHaveLength(1);
  expect(warned[0]).toContain('Consul answered 403: rpc error: Permission denied');
  expect(await problem(at)).toMatch(/^a check that turns critical may take 10 s to be seen: .*403/);
  expect(await text(at, '/metrics')).toMatch(/^kong_consul_consul_critical_feeds\{readable="false"\} 1$/m);
  expect(await text(at, '/metrics')).toMatch(/^kong_consul_consul_read_failures_total\{reason="status"\} [1-9]/m);
  // Late is not wrong: whoever sends traffic by /readyz would only make it worse.
  expect(await text(at, '/readyz')).toBe('ready\n');

  at.consul.alwaysCritical(undefined);
  await eventually(async () => expect(await problem(at)).toBeNull());
  expect(said(at, 'critical checks can be read again')).toHaveLength(1);
  at.consul.setCheck('s7-1-http', 'critical');
  await eventually(() => expect(at.kong.targets('s7')).toHaveLength(1));
});

test('nothing is asked, and nothing told, while every watch has a connection of its own', async () => {
  const at = await start([], true);
  expect(at.consul.requests.filter(({ path }) => path === '/v1/health/state/critical')).toEqual([]);
  expect(await problem(at)).toBeNull();
  expect(await text(at, '/metrics')).toMatch(/^kong_consul_consul_critical_feeds\{readable="false"\} 0$/m);
});
