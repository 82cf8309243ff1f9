import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../sidecar/src/config/effective-config.ts';
import { maskUrl } from '../../sidecar/src/config/url.ts';
import { type Given, load, problemsOf } from './load-config.ts';

describe('no secret is in a message', () => {
  test.each<[string, Given]>([
    ['a password in an address that is no URL', { flags: { consulAddr: 'http://user:hush@ho st:1' } }],
    ['a password in an address with another scheme', { env: { CONSUL_HTTP_ADDR: 'ftp://user:hush@host:1' } }],
    ['a password with a slash', { env: { CONSUL_HTTP_ADDR: 'http://user:hu/hush@host' } }],
    ['a token in a query', { env: { CONSUL_HTTP_ADDR: 'http://host:1/?token=hush' } }],
    ['a password that cannot be decoded', { env: { KONG_ADMIN_URL: 'http://user:%zzhush@host:1' } }],
    ['a password in an Admin URL', { flags: { kongAdminUrl: ['ftp://user:hush@host:1'] } }],
    ['a token over two lines', { flags: { consulToken: 'hush\nhush' } }],
    ['a token that is a map', { file: 'consul: { token: { hush: hush } }\n' }],
    ['a section that is text', { file: 'consul:\n  token:hush\n' }],
    ['a header without a colon', { flags: { kongHeader: ['Authorization Bearer hush'] } }],
    ['a header given twice', { flags: { kongHeader: ['X-Key: hush', 'x-key: hush'] } }],
    [
      'a health check header',
      { file: 'upstreams: { web: { healthchecks: { active: { headers: { Authorization: hush } } } } }' },
    ],
    ['basic authentication without a password', { env: { CONSUL_HTTP_AUTH: 'hush' } }],
    ['an unknown variable', { env: { KONG_CONSUL_TOKN: 'hush' } }],
  ])('%s', async (_, given) => {
    const problems = await problemsOf(given);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain('hush');
  });
});

test.each([
  ['http://host:8001/base', 'http://host:8001/base'],
  ['http://user:pw@host:8001', 'http://***@host:8001'],
  ['http://user:p/w@host', 'http://***@host'],
  ['http://user:p?w@host', 'http://***@host'],
  ['user:pw@host:8500', '***@host:8500'],
  ['https://host/?token=pw', 'https://host/?***'],
  ['unix:///run/consul.sock', 'unix:///run/consul.sock'],
])('%s is shown as %s', (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
});

describe('the effective configuration', () => {
  const given: Given = {
    file: [
      'consul: { addr: "http://user:hush@consul:8500", token: hush }',
      'kong: { header: { Authorization: hush } }',
      'listen: "off"',
      'upstreams: { web: { healthchecks: { active: { headers: { X-Key: [hush] } } } } }',
    ].join('\n'),
    env: { CONSUL_HTTP_AUTH: 'user:hush', KONG_ADMIN_URL: 'http://a:hush@a:1, http://b:1' },
    flags: { kongAdminToken: 'hush', kongConcurrency: '3', listenToken: 'hush' },
  };

  test('says where each value came from', async () => {
    const shown = new Map(effectiveConfig(await load(given)).map(({ key, ...rest }) => [key, rest]));
    expect(shown.get('consul.addr')).toEqual({ value: 'http://***@consul:8500', origin: 'file', place: 'kc.yml:1' });
    expect(shown.get('consul.token')).toEqual({ value: '***', origin: 'file', place: 'kc.yml:1' });
    expect(shown.get('consul.http_auth')).toEqual({ value: '***', origin: 'environment', place: 'CONSUL_HTTP_AUTH' });
    expect(shown.get('kong.admin_url')).toEqual({
      value: ['http://***@a:1', 'http://b:1'],
      origin: 'environment',
      place: 'KONG_ADMIN_URL',
    });
    expect(shown.get('kong.header')).toEqual({ value: { Authorization: '***' }, origin: 'file', place: 'kc.yml:2' });
    expect(shown.get('kong.concurrency')).toEqual({ value: 3, origin: 'flag', place: '--kong-concurrency' });
    expect(shown.get('kong.poll_seconds')).toEqual({ value: 5, origin: 'default', place: null });
    expect(shown.get('kong.workspace')).toEqual({ value: null, origin: 'default', place: null });
    expect(shown.get('listen')).toEqual({ value: 'off', origin: 'file', place: 'kc.yml:3' });
    expect(shown.get('upstreams.web')).toMatchObject({ origin: 'file', place: 'kc.yml:4', value: { tags: [] } });
  });

  test('has no secret', async () => {
    expect(JSON.stringify(effectiveConfig(await load(given)))).not.toContain('hush');
  });
});
