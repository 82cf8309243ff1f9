import { describe, expect, test } from 'vitest';
import { canonicalTarget, isUpstreamName } from '../../sidecar/src/core/address.ts';

describe('an address becomes what Kong stores', () => {
  test.each([
    ['10.0.0.1', 8080, '10.0.0.1:8080'],
    ['010.000.000.003', 9000, '10.0.0.3:9000'],
    ['2001:db8::1', 8080, '[2001:0db8:0000:0000:0000:0000:0000:0001]:8080'],
    ['[2001:DB8::A]', 1, '[2001:0db8:0000:0000:0000:0000:0000:000a]:1'],
    ['::1', 80, '[0000:0000:0000:0000:0000:0000:0000:0001]:80'],
    ['::', 80, '[0000:0000:0000:0000:0000:0000:0000:0000]:80'],
    ['1:2:3:4:5:6:7:8', 65_535, '[0001:0002:0003:0004:0005:0006:0007:0008]:65535'],
    ['Node-1.Example', 9000, 'Node-1.Example:9000'],
    ['host_name', 80, 'host_name:80'],
    ['-a.example', 80, '-a.example:80'],
    ['a.example.', 80, 'a.example.:80'],
    ['::ffff:a00:1', 80, '[0000:0000:0000:0000:0000:ffff:0a00:0001]:80'],
    ['1:2:3:4:5:6:7::', 80, '[0001:0002:0003:0004:0005:0006:0007:0000]:80'],
  ])('%s port %i', (host, port, target) => {
    expect(canonicalTarget(host, port)).toMatchObject({ ok: true, target });
  });
});

describe('an address that Kong refuses is skipped with its reason', () => {
  test.each([
    ['', 80, 'no_address'],
    ['10.0.0.1', 0, 'no_port'],
    ['10.0.0.1', 65_536, 'bad_port'],
    ['10.0.0.1', -1, 'bad_port'],
    ['fe80::1%eth0', 80, 'zone_id'],
    ['::ffff:10.0.0.9', 80, 'mapped_ipv6'],
    ['1::2::3', 80, 'bad_address'],
    ['1:2:3', 80, 'bad_address'],
    ['12345::', 80, 'bad_address'],
    ['10.0.0.256', 80, 'bad_address'],
    ['1.2.3', 80, 'bad_address'],
    ['123', 80, 'bad_address'],
    ['10.0.0.1.', 80, 'bad_address'],
    ['a..b', 80, 'bad_address'],
    ['.a', 80, 'bad_address'],
    ['a'.repeat(300), 80, 'bad_address'],
    [':'.repeat(300), 80, 'bad_address'],
    ['a b', 80, 'bad_address'],
    ['../../services', 80, 'bad_address'],
    ['http://10.0.0.5', 80, 'bad_address'],
    ['bad-.example', 80, 'bad_address'],
    ['a\r\nb', 80, 'bad_address'],
  ])('%j port %i: %s', (host, port, reason) => {
    expect(canonicalTarget(host, port)).toEqual({ ok: false, reason });
  });
});

test.each([
  ['web', true],
  ['_web._tcp.service.consul', true],
  ['10.0.0.1', false],
  ['10.0.1', false],
  ['42', false],
  ['::1', false],
  ['web:80', false],
  ['..', false],
  ['', false],
  ['a/b', false],
])('an upstream can be named %j: %s', (name, expected) => {
  expect(isUpstreamName(name)).toBe(expected);
});
