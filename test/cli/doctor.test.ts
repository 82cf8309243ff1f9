import { describe, expect, test } from 'vitest';
import { checkClock } from '../../sidecar/src/cli/doctor-clock.ts';
import {
  checkConnectionLimit,
  checkCriticalFeed,
  checkRights,
  checkSidecars,
} from '../../sidecar/src/cli/doctor-consul.ts';
import {
  checkAdminApi,
  checkDns,
  checkKong,
  checkOwnerTag,
  checkPlugin,
  checkSharedTags,
} from '../../sidecar/src/cli/doctor-kong.ts';
import { doctorText } from '../../sidecar/src/cli/doctor-text.ts';
import type { Finding } from '../../sidecar/src/cli/finding.ts';
import type { AgentFacts } from '../../sidecar/src/consul/agent.ts';
import type { Right } from '../../sidecar/src/consul/rights.ts';
import type { KongInfo } from '../../sidecar/src/kong/info.ts';
import type { NodeSettings } from '../../sidecar/src/kong/node-settings.ts';

const PLUGIN = 'kong-upstream-healthcheck';

function info(more: Partial<KongInfo> = {}): KongInfo {
  return {
    version: '3.9.1',
    nodeId: undefined,
    database: 'postgres',
    role: 'traditional',
    plugins: new Set([PLUGIN]),
    ...more,
  };
}

function settings(more: Partial<NodeSettings> = {}): NodeSettings {
  const adminListeners = [{ ip: '127.0.0.1', port: 8001, ssl: false }];
  return {
    adminListeners,
    hasRbac: false,
    dnsResolver: [],
    newDnsClient: false,
    pluginVersion: () => '0.1.0',
    date: undefined,
    askedMs: 0,
    ...more,
  };
}

function agent(maxConnectionsPerClient: number | undefined): AgentFacts {
  return { version: '1.14.8', datacenter: 'dc1', node: 'n1', maxConnectionsPerClient };
}

const service = (name: string): Right => ({ resource: 'service', name, access: 'read' });
const node: Right = { resource: 'node', name: '', access: 'read' };
const open = { ip: '0.0.0.0', port: 8001, ssl: false };
const limitMend = 'limits { http_max_conns_per_client = 300 }';

/** What was looked at, the level it gets, and the line that mends it. */
const table: readonly [string, Finding | undefined, Finding['level'] | undefined, string | undefined][] = [
  ['a Kong of today', checkKong(info()), 'ok', undefined],
  ['a Kong that is too old', checkKong(info({ version: '2.7.2' })), 'failure', 'upgrade Kong to 2.8 or later'],
  ['a Kong that does not tell', checkKong(info({ version: 'unknown' })), 'warning', undefined],
  ['the plugin, enabled', checkPlugin(info(), settings(), 2), 'ok', undefined],
  [
    'the plugin, not enabled',
    checkPlugin(info({ plugins: new Set() }), settings(), 0),
    'warning',
    `KONG_PLUGINS=bundled,${PLUGIN}`,
  ],
  [
    'an Admin API on loopback',
    checkAdminApi(
      settings({
        adminListeners: [
          { ...open, ip: '127.0.0.1' },
          { ...open, ip: '[::1]' },
        ],
      }),
    ),
    'ok',
    undefined,
  ],
  [
    'an Admin API for all',
    checkAdminApi(settings({ adminListeners: [open] })),
    'warning',
    'KONG_ADMIN_LISTEN=127.0.0.1:8001',
  ],
  ['an Admin API with RBAC', checkAdminApi(settings({ adminListeners: [open], hasRbac: true })), 'ok', undefined],
  ['DNS for nothing in Consul', checkDns(settings({ newDnsClient: true }), ['example.com']), 'ok', undefined],
  [
    'Consul hosts by the new DNS client',
    checkDns(settings({ newDnsClient: true }), ['web.service.consul']),
    'warning',
    'KONG_NEW_DNS_CLIENT=off',
  ],
  [
    'Consul hosts by the system',
    checkDns(settings(), ['web.service.consul']),
    'warning',
    'KONG_DNS_RESOLVER=127.0.0.1:8600',
  ],
  [
    'Consul hosts by Consul',
    checkDns(settings({ dnsResolver: ['127.0.0.1:8600'] }), ['web.service.consul']),
    'ok',
    undefined,
  ],
  ['critical checks that can be read', checkCriticalFeed(undefined), 'ok', undefined],
  ['critical checks that cannot', checkCriticalFeed('Consul answered 403'), 'warning', 'GET /v1/health/state/critical'],
  ['an owner tag on what is ours', checkOwnerTag('kong-consul:a', new Map()), 'ok', undefined],
  [
    'an owner tag on a Kong Service',
    checkOwnerTag('kong-consul:a', new Map([['services', 2]])),
    'failure',
    '_info: { select_tags: [managed-by-deck] }',
  ],
  [
    'an upstream of ours with two tags',
    checkSharedTags(new Map([['web', ['team']]]), { tag: 't', url: 'http://k:8001' })[0],
    'warning',
    `curl -X PATCH http://k:8001/upstreams/web -H 'Content-Type: application/json' -d '{"tags":["t"]}'`,
  ],
  ['few services', checkConnectionLimit(agent(200), 150, undefined), 'ok', undefined],
  ['more than the agent allows', checkConnectionLimit(agent(200), 200, undefined), 'warning', limitMend],
  ['half of a small limit', checkConnectionLimit(agent(60), 30, undefined), 'ok', undefined],
  ['no limit', checkConnectionLimit(agent(0), 5000, undefined), 'ok', undefined],
  ['a limit of our own', checkConnectionLimit(agent(0), 200, 100), 'warning', 'consul: { max_connections: 200 }'],
  ['all rights', checkRights([], 0)[0], 'ok', undefined],
  ['no ACLs', checkRights(undefined, 0)[0], 'ok', undefined],
  [
    'a service that may not be read',
    checkRights([service('web')], 1)[0],
    'failure',
    'service "web" { policy = "read" }',
  ],
  [
    'many services',
    checkRights(['a', 'b', 'c', 'd', 'e', 'f'].map(service), 1)[0],
    'failure',
    'service_prefix "" { policy = "read" }',
  ],
  ['nodes, and answers are cut', checkRights([node], 1)[0], 'failure', 'node_prefix "" { policy = "read" }'],
  ['nodes, but answers are whole', checkRights([node], 0)[0], 'warning', 'node_prefix "" { policy = "read" }'],
  [
    'no session',
    checkRights([{ resource: 'session', name: 'n1', access: 'write' }], 0)[0],
    'failure',
    'session "n1" { policy = "write" }',
  ],
  [
    'a sidecar without an election beside one',
    checkSidecars(['host-1:7070 leads'], false, 'default'),
    'warning',
    'leader_election: true',
  ],
  ['sidecars in one election', checkSidecars(['host-1:7070 leads', '1 on standby'], true, 'default'), 'ok', undefined],
  ['a clock that agrees', checkClock('Kong', new Date(10_000).toUTCString(), 12_500)[0], 'ok', undefined],
  [
    'a clock ahead',
    checkClock('Kong', new Date(90_000).toUTCString(), 10_000)[0],
    'warning',
    'timedatectl set-ntp true',
  ],
  ['no clock', checkClock('Kong', undefined, 0)[0], undefined, undefined],
];

describe('doctor says how grave it is, and what to put where', () => {
  test.each(table)('%s', (_, finding, level, line) => {
    expect(finding?.level).toBe(level);
    expect(finding?.mend?.at(-1)).toBe(line);
  });
});

test('a clock behind is said with its span', () => {
  expect(checkClock('Consul', new Date(0).toUTCString(), 125_000)[0]?.text).toContain('2 min 5 s behind ours');
});

test('a line that is to be copied is not wrapped, all else is', () => {
  const finding = checkConnectionLimit(agent(200), 200, undefined);
  const text = doctorText([finding], { columns: 60, rows: 20, isTerminal: true, colour: false });
  const lines = text.split('\n');
  expect(lines.every((line) => line.length <= 60)).toBe(true);
  expect(lines).toContain(`           ${limitMend}`);
  expect(lines.at(-2)).toBe('0 ok, 1 to look at, 0 wrong');
});
