import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../sidecar/src/config/load.ts';
import { type Given, load, problemsOf } from './load-config.ts';

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
    [{ CONSUL_HTTP_ADDR: 'http://10.0.0.1:8501', CONSUL_HTTP_SSL: '1' }, { addr: 'https://10.0.0.1:8501' }],
    [{ CONSUL_HTTP_SSL: 'true' }, { addr: 'https://127.0.0.1:8500' }],
    [{ CONSUL_HTTP_SSL: 'false' }, { addr: 'http://127.0.0.1:8500' }],
    [{ CONSUL_HTTP_ADDR: '[::1]:8500' }, { addr: 'http://[::1]:8500' }],
    [{ CONSUL_HTTP_ADDR: 'https://consul.example.com/base/' }, { addr: 'https://consul.example.com/base/' }],
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

test.each<[string, Given, object]>([
  [
    'a token flag beats the file that the environment names',
    { flags: { consulToken: 'a' }, env: { CONSUL_HTTP_TOKEN_FILE: '/f' } },
    { token: 'a', tokenFile: undefined },
  ],
  [
    'a token of the environment beats the file that the config names',
    { env: { CONSUL_HTTP_TOKEN: 'a' }, file: 'consul: { token_file: /f }\n' },
    { token: 'a', tokenFile: undefined },
  ],
  [
    "a token file beats a token of the same place, as in Consul's CLI",
    { env: { CONSUL_HTTP_TOKEN: 'a', CONSUL_HTTP_TOKEN_FILE: '/f' } },
    { token: undefined, tokenFile: '/f' },
  ],
  [
    'a token file flag beats a token of the environment',
    { flags: { consulTokenFile: '/f' }, env: { CONSUL_HTTP_TOKEN: 'a' } },
    { token: undefined, tokenFile: '/f' },
  ],
])('%s', async (_, given, expected) => {
  const { consul } = await load(given);
  expect({ token: consul.token, tokenFile: consul.tokenFile }).toEqual(expected);
});

test('headers of the environment are one a line', async () => {
  const { kong } = await load({ env: { KONG_CONSUL_KONG_HEADER: 'X-A: 1, 2\nX-B: 3\n' } });
  expect(kong.headers).toEqual({ 'X-A': '1, 2', 'X-B': '3' });
});

test('what Kubernetes sets for a Service named kong-consul is none of ours', async () => {
  const env = {
    KONG_CONSUL_SERVICE_HOST: '10.0.0.1',
    KONG_CONSUL_SERVICE_PORT: '7070',
    KONG_CONSUL_SERVICE_PORT_HTTP: '7070',
    KONG_CONSUL_PORT: 'tcp://10.0.0.1:7070',
    KONG_CONSUL_PORT_7070_TCP: 'tcp://10.0.0.1:7070',
    KONG_CONSUL_PORT_7070_TCP_PROTO: 'tcp',
    KONG_CONSUL_PORT_7070_TCP_PORT: '7070',
    KONG_CONSUL_PORT_7070_TCP_ADDR: '10.0.0.1',
    KONG_DATABASE: 'off',
  };
  expect(await problemsOf({ env })).toEqual([]);
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
    [
      'a key in the wrong place',
      { file: 'admin_url: http://kong:8001\n' },
      /^kc\.yml:1: admin_url: unknown key, did you mean "kong\.admin_url"\?$/,
    ],
    ['another spelling', { file: 'kong:\n  adminUrl: x\n' }, /^kc\.yml:2: .*did you mean "admin_url"\?$/],
    [
      'a number where text belongs',
      { file: 'owner: 123\n' },
      /^kc\.yml:1: owner: expected text, got a number: put it in quotes$/,
    ],
    ['nothing where text belongs', { flags: { kongWorkspace: '' } }, /^kong\.workspace \(flag\): .*empty/],
    ['a token over two lines', { flags: { consulToken: 'a\nb' } }, /^consul\.token \(flag\): .*one line/],
    [
      'a certificate without its key',
      { file: 'consul: { cert_file: a }\n' },
      /^kc\.yml:1: consul\.cert_file: .*key_file/,
    ],
    ['a key without its certificate', { flags: { kongKeyFile: 'a' } }, /^kong\.key_file \(flag\): .*cert_file/],
    ['a header twice', { flags: { kongHeader: ['A: 1', 'a: 2'] } }, /--kong-header \(flag\): .*"a" .*twice/],
    [
      'one bad URL in the file',
      { file: 'kong: { admin_url: nope }\n' },
      /^kc\.yml:1: kong\.admin_url: expected an http/,
    ],
    ['no host', { env: { CONSUL_HTTP_ADDR: 'http://' } }, /^consul\.addr \(environment\): expected/],
    ['a relative socket', { env: { CONSUL_HTTP_ADDR: 'unix://run/x' } }, /^consul\.addr \(environment\): expected/],
    ['an address with a query', { env: { CONSUL_HTTP_ADDR: 'http://a/?b=c' } }, /^consul\.addr \(environment\): /],
    [
      'userinfo that cannot be decoded',
      { env: { CONSUL_HTTP_ADDR: 'http://a%zz@h' } },
      /^consul\.addr \(environment\): /,
    ],
    ['an empty list', { env: { KONG_ADMIN_URL: ',' } }, /^kong\.admin_url \(environment\): /],
    ['no YAML text', { file: 'listen: 7070\n' }, /^kc\.yml:1: listen: expected/],
    [
      'wrong type',
      { file: 'kong: { concurrency: many }\n' },
      /^kc\.yml:1: kong\.concurrency: expected a number, got text$/,
    ],
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
    ['no address', { flags: { listen: 'here' } }, /^listen \(flag\): expected host:port or off/],
    ['duplicate key', { file: 'owner: a\nowner: b\n' }, /^kc\.yml:2: the key "owner" is there twice/],
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
      file: 'ownr: x\nlisten: here\nupstreams: { 10.0.0.1: {}, web: { port: 0 } }\n',
      env: { KONG_CONSUL_COALESCE_MS: 'x', CONSUL_HTTP_ADDR: 'ftp://x' },
      flags: { owner: 'a,b' },
    });
    expect(problems).toHaveLength(7);
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

test.each([
  ['__proto__: { polluted: yes }\n', /^kc\.yml:1: .*__proto__/],
  ['upstreams:\n  __proto__: { polluted: yes }\n', /^kc\.yml:2: .*__proto__/],
  ['constructor: { polluted: yes }\n', /^kc\.yml:1: constructor: unknown key/],
  ['kong:\n  toString: 1\n', /^kc\.yml:2: kong\.toString: unknown key/],
])('keys of every object are mistakes like any other: %j', async (file, expected) => {
  expect(await problemsOf({ file })).toEqual([expect.stringMatching(expected)]);
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
