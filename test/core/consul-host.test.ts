import { expect, test } from 'vitest';
import { parseConsulHost } from '../../sidecar/src/core/consul-host.ts';

test.each([
  ['web', { service: 'web' }],
  ['web.service.consul', { service: 'web' }],
  ['web.service.consul.', { service: 'web' }],
  ['Web.Service.Consul', { service: 'Web' }],
  ['web.service.dc2.consul', { service: 'web', datacenter: 'dc2' }],
  ['v1.web.service.consul', { service: 'web', tag: 'v1' }],
  ['v1.0.web.service.dc2.consul', { service: 'web', tag: 'v1.0', datacenter: 'dc2' }],
  ['_web._tcp.service.consul', { service: 'web' }],
  ['_web._v1.service.consul', { service: 'web', tag: 'v1' }],
  ['service.service.consul', { service: 'service' }],
  [
    'web.service.blue.ns.red.ap.dc2.dc.consul',
    { service: 'web', namespace: 'blue', partition: 'red', datacenter: 'dc2' },
  ],
])('%s names a Consul service', (host, expected) => {
  expect(parseConsulHost(host)).toEqual({ ok: true, ...expected });
});

test.each([
  '10.0.0.1',
  '::1',
  'api.example.com',
  'web.query.consul',
  'service.consul',
  'node1.node.consul',
  'web..service.consul',
  'web.service.a.b.c.consul',
])('%s does not', (host) => {
  expect(parseConsulHost(host).ok).toBe(false);
});
