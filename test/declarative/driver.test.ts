import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../integration/eventually.ts';
import { type Harness, type HarnessOptions, startHarness } from '../integration/harness.ts';
import { type KongDouble, type KongDoubleOptions, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';

const TAG = 'kong-consul:test';
const THEIRS = `_format_version: "3.0"
services:
- name: web
  host: web
  routes:
  - {name: web, paths: [/web]}
consumers:
- username: bob
  keyauth_credentials: [{key: bobs}]
upstreams:
- name: theirs
  slots: 100
  targets: [{target: "10.9.9.9:80"}]
`;

let consul: ScriptedConsul;
let kong: KongDouble;
let folder: string;
let harness: Harness | undefined;

beforeEach(async () => {
  consul = await startScriptedConsul();
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
});

afterEach(async () => {
  await harness?.stop();
  harness = undefined;
  await Promise.all([consul.stop(), kong.stop(), rm(folder, { recursive: true })]);
});

async function startKong(options: KongDoubleOptions = {}): Promise<void> {
  kong = await startKongDouble({ database: 'off', healthUpdateMs: 0, ...options });
}

function start(upstreams: HarnessOptions['upstreams'], options: Partial<HarnessOptions> = {}): Harness {
  harness = startHarness(consul.url, kong, { upstreams, declarative: {}, ...options });
  return harness;
}

/** As somebody else would, who does not know of us. */
async function load(text: string): Promise<void> {
  const body = JSON.stringify({ config: text });
  const answer = await fetch(`${kong.adminUrl}/config`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(answer.status).toBe(201);
}

function register(service: string, at: number, fields: Readonly<Record<string, unknown>> = {}): void {
  consul.register({ ID: `${service}-${at}`, Name: service, Address: `10.0.0.${at}`, Port: 80, ...fields });
}

function pushes(): readonly { readonly text: string; readonly status: number | undefined }[] {
  return kong
    .writes()
    .filter(({ path: where }) => where.startsWith('/config'))
    .map(({ body, status }) => ({ text: String(Object(body).config), status }));
}

/** What the user wrote, as Kong holds it, without what Kong notes about it. */
function theirs(): unknown {
  const { services, routes, consumers, upstreams } = kong.state;
  const own = upstreams.filter(({ name }) => name === 'theirs').map(({ entity, targets }) => ({ entity, targets }));
  const all = { services, routes, consumers, own };
  return JSON.parse(JSON.stringify(all, (key, value) => (key === 'updated_at' ? undefined : value)));
}

function inSync(upstream: string): Promise<void> {
  return eventually(() => expect(harness?.store.report(upstream)).toMatchObject({ state: 'in_sync', targets: 1 }));
}

describe('a Kong without a database', () => {
  test('gets upstreams and targets, and keeps all that is the user’s', async () => {
    await startKong();
    await load(THEIRS);
    const before = theirs();
    register('web', 1);
    start({ web: {} });
    await eventually(() => expect(kong.targets('web')).toEqual(['10.0.0.1:80=1']));
    register('web', 2);
    await eventually(() => expect(kong.targets('web')).toEqual(['10.0.0.1:80=1', '10.0.0.2:80=1']));
    expect(theirs()).toEqual(before);
    expect(kong.targets('theirs')).toEqual(['10.9.9.9:80=100']);
  });

  test('is sent no ids of ours, so that Kong makes the same ones at every load', async () => {
    await startKong();
    register('web', 1);
    start({ web: {} });
    await eventually(() => expect(kong.targets('web')).toHaveLength(1));
    const [first] = kong.state.upstreams;
    register('web', 2);
    await eventually(() => expect(kong.targets('web')).toHaveLength(2));
    expect(kong.state.upstreams[0]?.entity.id).toBe(first?.entity.id);
    expect(pushes().map(({ text }) => Object.keys(parse(text).upstreams[0]))).toEqual([
      ['name', 'tags', 'targets'],
      ['name', 'tags', 'targets'],
    ]);
  });

  test('gets a hundred changes in a few loads, one at a time', async () => {
    await startKong({ configLoadMs: 20 });
    for (let at = 0; at < 20; at += 1) register(`s${at}`, 1);
    start(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`s${at}`, {}])), {
      declarative: { debounceMs: 300 },
    });
    await eventually(() => expect(kong.state.upstreams).toHaveLength(20));
    kong.clearRequests();
    const startMs = Date.now();
    for (let change = 0; change < 100; change += 1) register(`s${change % 20}`, 2 + Math.floor(change / 20));
    await eventually(() => {
      for (let at = 0; at < 20; at += 1) expect(kong.targets(`s${at}`)).toHaveLength(6);
    });
    expect(pushes().length).toBeLessThanOrEqual(2 + Math.ceil((Date.now() - startMs) / 300));
    expect(pushes().filter(({ status }) => status !== 201)).toEqual([]);
  });

  test('is not written to when nothing changes', async () => {
    await startKong();
    register('web', 1);
    start({ web: {} });
    await eventually(() => expect(kong.targets('web')).toHaveLength(1));
    await harness?.stop();
    kong.clearRequests();
    start({ web: {} });
    await eventually(() => expect(harness?.store.report('web')?.state).toBe('in_sync'));
    expect(kong.writes()).toEqual([]);
  });

  test('is filled again when it lost its memory, with all that was the user’s', async () => {
    await startKong();
    await load(THEIRS);
    register('web', 1);
    start({ web: {} });
    await inSync('web');
    const before = theirs();
    await kong.stop();
    await kong.listen();
    expect(kong.state.services).toEqual([]);
    await eventually(() => expect(kong.targets('web')).toEqual(['10.0.0.1:80=1']));
    expect(theirs()).toEqual(before);
    await eventually(() => expect(harness?.news.map(({ kind }) => kind)).toContain('refilled'));
  });

  test('keeps what somebody else loads meanwhile, and gets ours again', async () => {
    await startKong();
    await load(THEIRS);
    register('web', 1);
    start({ web: {} });
    await inSync('web');
    await load(`${THEIRS}- name: more\n`);
    await eventually(() => expect(kong.targets('web')).toEqual(['10.0.0.1:80=1']));
    expect(kong.state.upstreams.map(({ name }) => name)).toEqual(['more', 'theirs', 'web']);
    expect(harness?.news.map(({ kind }) => kind)).toContain('changed-by-others');
  });

  test.each(['3.9.1', '2.8.5'])('of version %s refuses one upstream, and takes the others', async (version) => {
    await startKong({ version });
    for (const service of ['good', 'bad', 'fine']) register(service, 1);
    start({
      good: {},
      bad: { upstream: { client_certificate: { id: 'b1b9a1a0-0000-4000-8000-000000000000' } } },
      fine: {},
    });
    await eventually(() => {
      expect(kong.targets('good')).toHaveLength(1);
      expect(kong.targets('fine')).toHaveLength(1);
      expect(harness?.store.report('bad')).toMatchObject({ state: 'error' });
    });
    expect(kong.targets('bad')).toEqual([]);
    register('good', 2);
    await eventually(() => expect(kong.targets('good')).toHaveLength(2));
  });

  test('is asked again, and not sooner, when it is busy', async () => {
    await startKong();
    const answer = { status: 429, body: { message: 'Currently loading previous configuration' } };
    kong.inject({
      method: 'POST',
      path: /^\/config/,
      times: 1,
      does: { kind: 'status', ...answer, headers: { 'retry-after': '1' } },
    });
    register('web', 1);
    const startMs = Date.now();
    start({ web: {} });
    await eventually(() => expect(kong.targets('web')).toHaveLength(1));
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(1000);
    expect(pushes().map(({ status }) => status)).toEqual([429, 201]);
  });

  test('is told in words that a configuration is too large', async () => {
    await startKong();
    kong.inject({ method: 'POST', path: /^\/config/, does: { kind: 'status', status: 413, body: {} } });
    register('web', 1);
    start({ web: {} });
    await eventually(() =>
      expect(harness?.store.report('web')?.problem).toMatch(/has 1 KB: .*nginx_admin_client_max_body_size/),
    );
  });

  test('that took a load whose answer was lost is not loaded twice', async () => {
    await startKong();
    kong.inject({ method: 'POST', path: /^\/config/, times: 1, does: { kind: 'drop-after-write' } });
    register('web', 1);
    start({ web: {} });
    await eventually(() => expect(harness?.store.report('web')?.state).toBe('in_sync'));
    expect(
      pushes()
        .map(({ status }) => status)
        .at(-1),
    ).toBe(304);
  });

  test('keeps an upstream of the user as it is, with our targets beside his', async () => {
    await startKong();
    await load(THEIRS);
    register('theirs', 1);
    start({ theirs: { upstream: { slots: 500 } } });
    await eventually(() => expect(kong.targets('theirs')).toEqual(['10.0.0.1:80=1', '10.9.9.9:80=100']));
    expect(kong.state.upstreams[0]?.entity).toMatchObject({ slots: 100, tags: null });
    consul.deregister('theirs-1');
    await eventually(() => expect(harness?.store.report('theirs')?.hold?.reason).toBe('empty_grace'));
  });

  test('lets an upstream of the user be adopted', async () => {
    await startKong();
    const file = path.join(folder, 'kong.yml');
    await writeFile(file, THEIRS);
    register('theirs', 1);
    start({ theirs: { adopt: true, upstream: { slots: 500 } } }, { declarative: { file } });
    await eventually(() => expect(kong.targets('theirs')).toEqual(['10.0.0.1:80=1', '10.9.9.9:80=100']));
    expect(kong.state.upstreams[0]?.entity).toMatchObject({ slots: 500, tags: [TAG] });
  });
});

describe('a declarative file', () => {
  let file: string;
  beforeEach(() => {
    file = path.join(folder, 'kong.yml');
  });

  /** Kong has taken it, with a target of ours. */
  async function startLoaded(): Promise<void> {
    await startKong();
    await writeFile(file, THEIRS);
    register('web', 1);
    start({ web: {} }, { declarative: { file } });
    await eventually(() => expect(kong.targets('web')).toHaveLength(1));
  }

  test('is loaded with what is ours, and again when it changes', async () => {
    await startLoaded();
    expect(kong.state.services).toHaveLength(1);
    await writeFile(file, `${THEIRS}- name: more\n`);
    await eventually(() => expect(kong.state.upstreams.map(({ name }) => name)).toEqual(['more', 'theirs', 'web']));
    expect(kong.targets('web')).toEqual(['10.0.0.1:80=1']);
  });

  test('is loaded also when nothing is ours', async () => {
    await startKong();
    await writeFile(file, THEIRS);
    start({}, { declarative: { file } });
    await eventually(() => expect(kong.state.services).toHaveLength(1));
    expect(pushes().map(({ text }) => text)).toEqual([THEIRS]);
  });

  test('binds by its own plugins', async () => {
    await startKong();
    const plugin = '  plugins: [{name: kong-upstream-healthcheck, config: {}}]\n';
    await writeFile(file, THEIRS.replace('  host: web\n', `  host: web\n${plugin}`));
    register('web', 1);
    start({}, { declarative: { file } });
    await eventually(() => expect(kong.targets('web')).toEqual(['10.0.0.1:80=1']));
  });

  const line = (text: string) => THEIRS.split('\n').indexOf(text) + 1;
  test.each([
    ['broken', `${THEIRS} - broken\n`, 'file-broken', `:${line('')}:`],
    [
      'refused by Kong',
      THEIRS.replace('slots: 100', 'slots: 1'),
      'file-refused',
      `:${line('- name: theirs')}): slots: `,
    ],
  ])('that is %s leaves the last good one in use, and is told with its place', async (_what, text, kind, place) => {
    await startLoaded();
    await writeFile(file, text);
    const told = () => harness?.news.find((news) => news.kind === kind);
    await eventually(() => expect(JSON.stringify(told())).toContain(`${file}${place}`));
    register('web', 2);
    await eventually(() => expect(kong.targets('web')).toHaveLength(2));
    expect(kong.state.services).toHaveLength(1);
    expect(kong.state.upstreams[0]?.entity).toMatchObject({ slots: 100 });
  });

  test.each([
    ['broken', 'services: [\n'],
    ['refused by Kong', THEIRS.replace('slots: 100', 'slots: 1')],
    ['refused by Kong as a whole', `${THEIRS}unheard: []\n`],
  ])('that is %s from the start leaves what Kong holds, until it is mended', async (_what, text) => {
    await startKong();
    await load(THEIRS);
    await writeFile(file, text);
    register('web', 1);
    start({ web: {} }, { declarative: { file } });
    await eventually(() => expect(kong.targets('web')).toHaveLength(1));
    expect(kong.state.services).toHaveLength(1);
    await writeFile(file, `${THEIRS}- name: more\n`);
    await eventually(() => expect(kong.state.upstreams.map(({ name }) => name)).toEqual(['more', 'theirs', 'web']));
  });

  test('takes over an upstream that was ours, with our targets in it', async () => {
    await startLoaded();
    await writeFile(file, `${THEIRS}- name: web\n  slots: 77\n`);
    await eventually(() => expect(kong.state.upstreams.at(-1)?.entity).toMatchObject({ slots: 77, tags: null }));
    expect(kong.targets('web')).toEqual(['10.0.0.1:80=1']);
    register('web', 2);
    await eventually(() => expect(kong.targets('web')).toEqual(['10.0.0.1:80=1', '10.0.0.2:80=1']));
    await writeFile(file, THEIRS);
    await eventually(() => expect(kong.state.upstreams.at(-1)?.entity).toMatchObject({ slots: 10_000, tags: [TAG] }));
    await eventually(() => expect(kong.targets('web')).toEqual(['10.0.0.1:80=1', '10.0.0.2:80=1']));
  });
});
