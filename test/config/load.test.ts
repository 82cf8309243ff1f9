import { describe, expect, test } from 'vitest';
import type { ConfigError } from '../../sidecar/src/config/config-error.ts';
import { loadConfig } from '../../sidecar/src/config/load.ts';

interface Given {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly file?: string;
}

function load({ flags = {}, env = {}, file }: Given) {
  const named = file === undefined ? flags : { config: 'kc.yml', ...flags };
  return loadConfig({ flags: named, env, readFile: () => Promise.resolve(file ?? '') });
}

async function problemsOf(given: Given): Promise<readonly string[]> {
  const error: unknown = await load(given).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'ConfigError' });
  return (error as ConfigError).problems;
}

describe('flags go before environment, that before the file, that before defaults', () => {
  const file = 'owner: from-file\nkong: { poll_seconds: 7 }\n';
  test.each<[string, Given, string, string]>([
    ['default', {}, 'default', 'default'],
    ['file', { file }, 'from-file', 'file'],
    ['environment', { file, env: { KONG_CONSUL_OWNER: 'from-env' } }, 'from-env', 'environment'],
    ['flag', { file, env: { KONG_CONSUL_OWNER: 'from-env' }, flags: { owner: 'from-flag' } }, 'from-flag', 'flag'],
    ['an empty variable is not set', { file, env: { KONG_CONSUL_OWNER: '' } }, 'from-file', 'file'],
  ])('%s', async (_, given, owner, origin) => {
    const config = await load(given);
    expect(config.owner).toBe(owner);
    expect(config.origins.get('owner')).toBe(origin);
  });

  test('each key for itself', async () => {
    const config = await load({ file, env: { KONG_CONSUL_KONG_CONCURRENCY: '3' } });
    expect(config.kong).toMatchObject({ pollSeconds: 7, concurrency: 3, writesPerSecond: 200 });
  });
});

describe("Consul's own variables", () => {
  test.each<[Readonly<Record<string, string>>, object]>([
    [{ CONSUL_HTTP_ADDR: '10.0.0.1:8500' }, { addr: 'http://10.0.0.1:8500' }],
    [{ CONSUL_HTTP_ADDR: '10.0.0.1:8501', CONSUL_HTTP_SSL: 'true' }, { addr: 'https://10.0.0.1:8501' }],
    [{ CONSUL_HTTP_ADDR: 'unix:///run/consul.sock' }, { addr: 'unix:///run/consul.sock' }],
    [{ CONSUL_HTTP_TOKEN: 't' }, { token: 't' }],
    [{ CONSUL_HTTP_TOKEN_FILE: '/t' }, { tokenFile: '/t' }],
    [{ CONSUL_HTTP_AUTH: 'a:b' }, { httpAuth: 'a:b' }],
    [{ CONSUL_HTTP_SSL_VERIFY: 'false' }, { verify: false }],
    [{ CONSUL_CACERT: '/ca' }, { caFile: '/ca' }],
    [{ CONSUL_CAPATH: '/cas' }, { caPath: '/cas' }],
    [
      { CONSUL_CLIENT_CERT: '/c', CONSUL_CLIENT_KEY: '/k' },
      { certFile: '/c', keyFile: '/k' },
    ],
    [{ CONSUL_TLS_SERVER_NAME: 's' }, { tlsServerName: 's' }],
    [
      { CONSUL_NAMESPACE: 'n', CONSUL_PARTITION: 'p' },
      { namespace: 'n', partition: 'p' },
    ],
  ])('%o', async (env, expected) => {
    expect((await load({ env })).consul).toMatchObject(expected);
  });

  test("Kong's", async () => {
    const { kong } = await load({ env: { KONG_ADMIN_URL: 'http://a:1/base', KONG_ADMIN_TOKEN: 't' } });
    expect(kong).toMatchObject({ adminUrl: ['http://a:1/base'], adminToken: 't' });
  });
});

describe('a mistake is named, with its place and the way out', () => {
  test.each<[string, Given, RegExp]>([
    ['unknown key', { file: 'ownr: x\n' }, /^kc\.yml:1: ownr: unknown key, did you mean "owner"\?$/],
    [
      'unknown nested key',
      { file: 'kong:\n  admin_ulr: x\n' },
      /^kc\.yml:2: kong\.admin_ulr: unknown key, did you mean "admin_url"\?$/,
    ],
    [
      'unknown key of a binding',
      { file: 'upstreams:\n  web:\n    pasing_only: true\n' },
      /^kc\.yml:3: upstreams\.web\.pasing_only: unknown key, did you mean "passing_only"/,
    ],
    ['wrong type', { file: 'kong: { concurrency: many }\n' }, /^kc\.yml:1: kong\.concurrency: expected number/],
    ['out of range', { file: 'max_remove_percent: 101\n' }, /max_remove_percent: .*100/],
    ['no URL', { flags: { kongAdminUrl: ['kong:8001'] } }, /^kong\.admin_url.*\(flag\)/],
    ['no header', { flags: { kongHeader: ['nonsense'] } }, /--kong-header \(flag\): expected "Name: value"/],
    ['a header with a line break', { flags: { kongHeader: ['X: a\r\nY: b'] } }, /kong\.header/],
    [
      'no number',
      { env: { KONG_CONSUL_COALESCE_MS: 'soon' } },
      /KONG_CONSUL_COALESCE_MS \(environment\): expected a number/,
    ],
    ['unknown variable', { env: { KONG_CONSUL_OWNR: 'x' } }, /did you mean KONG_CONSUL_OWNER\?/],
    ['a tag that Kong refuses', { flags: { owner: 'a/b' } }, /owner \(flag\)/],
    ['no address', { flags: { listen: 'here' } }, /listen: expected host:port or off/],
    ['duplicate key', { file: 'owner: a\nowner: b\n' }, /^kc\.yml:2: Map keys must be unique/],
    ['no YAML', { file: 'a: [\n' }, /^kc\.yml:\d+: /],
    ['a list', { file: '- a\n' }, /^kc\.yml:1: expected keys and values/],
    [
      'an upstream named as an IP',
      { file: 'upstreams:\n  10.0.0.1: { service: web }\n' },
      /kc\.yml:2: upstreams\.10\.0\.0\.1: no upstream can be named so/,
    ],
    [
      'health checks that never recover',
      { file: 'upstreams:\n  web:\n    healthchecks: { active: { healthy: { successes: 0 } } }\n' },
      /upstreams\.web\.healthchecks\.active\.healthy\.successes/,
    ],
  ])('%s', async (_, given, expected) => {
    expect(await problemsOf(given)).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
  });

  test('all of them in one message', async () => {
    const problems = await problemsOf({
      file: 'ownr: x\nlisten: 7\n',
      env: { KONG_CONSUL_COALESCE_MS: 'x' },
      flags: { owner: 'a,b' },
    });
    expect(problems).toHaveLength(4);
  });

  test('a file that is not there', async () => {
    const missing = Object.assign(new Error('no'), { code: 'ENOENT' });
    const input = { flags: { config: 'gone.yml' }, env: {}, readFile: () => Promise.reject(missing) };
    await expect(loadConfig(input)).rejects.toThrow('gone.yml: cannot be read (ENOENT)');
  });

  test('no value of a secret is in the message', async () => {
    const problems = await problemsOf({
      flags: { consulToken: 'hush-1', kongAdminToken: 'hush-2\n', kongHeader: ['Authorization: hush-3\n'], owner: '/' },
    });
    expect(problems.join('\n')).not.toContain('hush');
  });
});

test('keys of every object are keys like any other', async () => {
  const problems = await problemsOf({ file: '__proto__: { polluted: yes }\nconstructor: 1\n' });
  expect(problems.join()).toContain('constructor');
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test('an empty file is all defaults', async () => {
  expect((await load({ file: '# nothing\n' })).kong.adminUrl).toEqual(['http://127.0.0.1:8001']);
});

test('bindings keep their lines', async () => {
  const { upstreams } = await load({ file: 'upstreams:\n  a: {}\n  b:\n    service: x\n' });
  expect(upstreams.map(({ name, line }) => [name, line])).toEqual([
    ['a', 2],
    ['b', 3],
  ]);
});
