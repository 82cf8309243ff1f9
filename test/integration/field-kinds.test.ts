import { describe, expect, test } from 'vitest';
import { type EntryFields, entry } from '../scripted-consul/catalog.ts';
import { eventually } from './eventually.ts';
import { consul, kong, rigEachTest, start } from './rig.ts';

rigEachTest();

const critical = (id: string) => [{ id, status: 'critical' }] as const;
const on = (node: string, address: string, fields: Partial<EntryFields> = {}) =>
  entry({ id: 'web', node, address, ...fields });
const at = (serviceAddress: string, fields: Partial<EntryFields> = {}) =>
  entry({ id: serviceAddress || 'none', address: '172.17.0.2', serviceAddress, ...fields });

/** Parts of an entry in place of what it has, for what no agent would send but others may. */
function patched(
  part: 'Node' | 'Service',
  fields: Readonly<Record<string, unknown>>,
  base: EntryFields = { id: 'odd' },
): unknown {
  const whole: Readonly<Record<string, object>> = JSON.parse(JSON.stringify(entry(base)));
  return { ...whole, [part]: { ...whole[part], ...fields } };
}

const GOOD = at('10.0.0.1');
const GOOD_TARGET = '10.0.0.1:8080=1';

interface Row {
  readonly entries: readonly unknown[];
  readonly targets: readonly string[];
  readonly binding?: unknown;
  /** What the report says about those that are no targets. */
  readonly skipped?: readonly string[];
  readonly malformed?: number;
}

/** One answer of Consul, and what Kong holds then. Each is looked at twice: the second time nothing is written. */
const ROWS: Readonly<Record<string, Row>> = {
  'ADDR: the service’s address goes before its node’s (Kong 2333)': {
    entries: [at('10.20.171.39', { port: 3000 })],
    targets: ['10.20.171.39:3000=1'],
  },
  'ADDR: a service without an address is on its node (traefik 350)': {
    entries: [entry({ id: 'a', address: '10.0.0.5', port: 80 })],
    targets: ['10.0.0.5:80=1'],
  },
  'ADDR: a tagged address when it is asked for, and the usual one where it is missing (apisix 9476)': {
    entries: [at('10.0.0.1', { taggedAddresses: { wan: { Address: '203.0.113.1', Port: 80 } } }), at('10.0.0.2')],
    binding: { address_tag: 'wan' },
    targets: ['10.0.0.2:8080=1', '203.0.113.1:80=1'],
  },
  'ADDR: neither the service nor its node has one': {
    entries: [GOOD, patched('Node', { Address: '' })],
    targets: [GOOD_TARGET],
    skipped: ['no_address'],
  },
  'ADDR: a port, a scheme, a path or a blank in it': {
    entries: [GOOD, at('10.0.0.2:80'), at('http://10.0.0.3'), at('10.0.0.4/24'), at(' 10.0.0.5')],
    targets: [GOOD_TARGET],
    skipped: ['bad_address', 'bad_address', 'bad_address', 'bad_address'],
  },
  'ADDR: leading zeros': { entries: [at('010.000.000.007')], targets: ['10.0.0.7:8080=1'] },
  'ADDR: digits that Kong takes for an IPv4 address with something missing': {
    entries: [GOOD, at('10.0.1'), at('42')],
    targets: [GOOD_TARGET],
    skipped: ['bad_address', 'bad_address'],
  },
  'IPv6: as Kong stores it (traefik 714)': {
    entries: [at('2001:db8::1')],
    targets: ['[2001:0db8:0000:0000:0000:0000:0000:0001]:8080=1'],
  },
  'IPv6: in capitals, in brackets, and twice the same': {
    entries: [at('2001:DB8::A'), at('[2001:db8:0:0::a]'), at('2001:db8::000a')],
    targets: ['[2001:0db8:0000:0000:0000:0000:0000:000a]:8080=1'],
  },
  'IPv6: of the node when the service has none (traefik 7428)': {
    entries: [entry({ id: 'a', address: '::1' })],
    targets: ['[0000:0000:0000:0000:0000:0000:0000:0001]:8080=1'],
  },
  'IPv6: with a zone id, mapped from IPv4, too long or broken': {
    entries: [GOOD, at('fe80::1%eth0'), at('::ffff:10.0.0.9'), at('1:2:3:4:5:6:7:8:9'), at('1::2::3')],
    targets: [GOOD_TARGET],
    skipped: ['bad_address', 'bad_address', 'mapped_ipv6', 'zone_id'],
  },
  'PORT: exactly the registered ones (Kong 1937)': {
    entries: [at('10.0.0.1', { port: 24_866 }), at('10.0.0.2', { port: 30_960 })],
    targets: ['10.0.0.1:24866=1', '10.0.0.2:30960=1'],
  },
  'PORT: one for all when the binding says so': {
    entries: [at('10.0.0.1', { port: null }), at('10.0.0.2', { port: 1 })],
    binding: { port: 443 },
    targets: ['10.0.0.1:443=1', '10.0.0.2:443=1'],
  },
  'PORT: none, negative, too high (apisix 11959)': {
    entries: [GOOD, at('10.0.0.2', { port: null }), at('10.0.0.3', { port: -1 }), at('10.0.0.4', { port: 65_536 })],
    targets: [GOOD_TARGET],
    skipped: ['bad_port', 'bad_port', 'no_port'],
  },
  'PORT: the highest': { entries: [at('10.0.0.1', { port: 65_535 })], targets: ['10.0.0.1:65535=1'] },
  'PORT: as text, and broken': {
    entries: [GOOD, patched('Service', { Port: '8080' }), patched('Service', { Port: 80.5 })],
    targets: [GOOD_TARGET],
    malformed: 2,
  },
  'PARTIAL: an instance on each of ten nodes (apisix 8827)': {
    entries: Array.from({ length: 10 }, (_, node) => on(`node-${node}`, `10.5.0.${node}`)),
    targets: Array.from({ length: 10 }, (_, node) => `10.5.0.${node}:8080=1`),
  },
  'PARTIAL: what Consul before 1.2.3 does not send, and null for what is empty': {
    entries: [patched('Service', { Weights: null, TaggedAddresses: null, Tags: null, Address: null }, { id: 'old' })],
    targets: ['10.0.0.1:8080=1'],
  },
  'PARTIAL: entries without a node, a service or any sense': {
    entries: [GOOD, { Service: {} }, { ...Object(GOOD), Service: null }, null, 'web', []],
    targets: [GOOD_TARGET],
    malformed: 5,
  },
  'PARTIAL: weights that are none': {
    entries: [
      GOOD,
      patched('Service', { Weights: { Passing: -1, Warning: 1 } }),
      patched('Service', { Weights: { Passing: 1e9 } }),
    ],
    targets: [GOOD_TARGET],
    malformed: 2,
  },
  'DUP: several instances on one address are told apart by port (lua-resty-dns-client 20)': {
    entries: [at('10.0.0.1', { id: 'a', port: 1 }), at('10.0.0.1', { id: 'b', port: 2 })],
    targets: ['10.0.0.1:1=1', '10.0.0.1:2=1'],
  },
  'DUP: the same service id on three nodes is three instances (traefik 5850)': {
    entries: [on('n1', '10.0.0.1'), on('n2', '10.0.0.2'), on('n3', '10.0.0.3')],
    targets: ['10.0.0.1:8080=1', '10.0.0.2:8080=1', '10.0.0.3:8080=1'],
  },
  'DUP: one instance registered at several agents is one target (apisix 10882)': {
    entries: [
      on('n1', '10.0.0.1', { serviceAddress: '10.9.0.1' }),
      on('n3', '10.0.0.3', { serviceAddress: '10.9.0.1' }),
    ],
    targets: ['10.9.0.1:8080=1'],
  },
  'DUP: of two with one address the healthy one speaks for it': {
    entries: [at('10.0.0.1', { id: 'old', checks: critical('c') }), at('10.0.0.1', { id: 'new' }), at('10.0.0.2')],
    targets: [GOOD_TARGET, '10.0.0.2:8080=1'],
    skipped: ['critical'],
  },
  'DUP: of two with one address the heavier one speaks for it': {
    entries: [
      at('10.0.0.1', { id: 'a', weights: { Passing: 3, Warning: 1 } }),
      at('10.0.0.1', { id: 'b', weights: { Passing: 9, Warning: 1 } }),
    ],
    targets: ['10.0.0.1:8080=9'],
  },
  'HEALTH: critical is out (traefik 5905)': {
    entries: [GOOD, at('10.0.0.2', { checks: critical('service:x') })],
    targets: [GOOD_TARGET],
    skipped: ['critical'],
  },
  'HEALTH: a node that is gone takes its services with it, whatever their own checks say (traefik 3722)': {
    entries: [GOOD, at('10.0.0.2', { checks: [...critical('serfHealth'), { id: 'service:x', status: 'passing' }] })],
    targets: [GOOD_TARGET],
    skipped: ['critical'],
  },
  'HEALTH: maintenance of the service or of the node (consul 978)': {
    entries: [
      GOOD,
      at('10.0.0.2', { checks: critical('_service_maintenance:web') }),
      at('10.0.0.3', { checks: critical('_node_maintenance') }),
    ],
    targets: [GOOD_TARGET],
    skipped: ['maintenance', 'maintenance'],
  },
  'HEALTH: no check at all is passing': { entries: [at('10.0.0.1', { checks: [] })], targets: [GOOD_TARGET] },
  'HEALTH: a status that nobody knows is not passing': {
    entries: [
      GOOD,
      { ...Object(at('10.0.0.2')), Checks: [{ CheckID: 'esm', Name: 'esm', Status: 'unknown', Output: '' }] },
    ],
    targets: [GOOD_TARGET],
    skipped: ['critical'],
  },
  'HEALTH: warning is in, with its own weight (traefik 4536)': {
    entries: [
      at('10.0.0.1', { weights: { Passing: 10, Warning: 1 }, checks: [{ id: 'c', status: 'warning' }] }),
      at('10.0.0.2', { weights: { Passing: 10, Warning: 1 } }),
    ],
    targets: ['10.0.0.1:8080=1', '10.0.0.2:8080=10'],
  },
  'HEALTH: warning is out with passing_only (traefik 10074)': {
    entries: [at('10.0.0.1', { checks: [{ id: 'c', status: 'warning' }] }), at('10.0.0.2')],
    binding: { passing_only: true },
    targets: ['10.0.0.2:8080=1'],
    skipped: ['warning'],
  },
  'HEALTH: warning with a weight of 0 gets no traffic and stays': {
    entries: [
      at('10.0.0.1', { weights: { Passing: 10, Warning: 0 }, checks: [{ id: 'c', status: 'warning' }] }),
      at('10.0.0.2'),
    ],
    targets: ['10.0.0.1:8080=0', '10.0.0.2:8080=1'],
  },
  'HEALTH: all critical stay, for Kong to decide (consul-template 21)': {
    entries: [at('10.0.0.1', { checks: critical('c') }), at('10.0.0.2', { checks: critical('c') })],
    targets: [GOOD_TARGET, '10.0.0.2:8080=1'],
  },
  'HEALTH: all critical stay but those in maintenance': {
    entries: [at('10.0.0.1', { checks: critical('c') }), at('10.0.0.2', { checks: critical('_node_maintenance') })],
    targets: [GOOD_TARGET],
    skipped: ['maintenance'],
  },
  'HEALTH: too few are healthy for the panic threshold, so all stay': {
    entries: [GOOD, at('10.0.0.2', { checks: critical('c') }), at('10.0.0.3', { checks: critical('c') })],
    binding: { panic_threshold: 50 },
    targets: [GOOD_TARGET, '10.0.0.2:8080=1', '10.0.0.3:8080=1'],
  },
  'ZOMBIE: dead allocations that stay registered get nothing, and are listed (nomad 17079)': {
    entries: [GOOD, ...[2, 3, 4].map((n) => at(`10.0.0.${n}`, { checks: critical('service:_nomad-task') }))],
    targets: [GOOD_TARGET],
    skipped: ['critical', 'critical', 'critical'],
  },
  'ZOMBIE: an allocation that took over a dead one’s address and port is a target (nomad 5824)': {
    entries: [
      at('10.0.0.1', { id: '_nomad-task-old', checks: critical('c') }),
      at('10.0.0.1', { id: '_nomad-task-new' }),
    ],
    targets: [GOOD_TARGET],
    skipped: ['critical'],
  },
  'ZOMBIE: one left behind under an old address, and passing, is a target like any other (nomad 19553)': {
    entries: [at('10.0.0.1', { id: '_nomad-task' }), at('192.168.0.1', { id: '_nomad-task-2' })],
    targets: [GOOD_TARGET, '192.168.0.1:8080=1'],
  },
  'TARGET: a host name as it is typed (deck 1556)': {
    entries: [at('WWW.Example.com', { port: 8000 }), at('www.example.com.', { port: 8000 })],
    targets: ['WWW.Example.com:8000=1', 'www.example.com.:8000=1'],
  },
  'TARGET: a host name with an underscore, and one that is none': {
    entries: [at('my_host'), at('bad-.example'), at('a..b')],
    targets: ['my_host:8080=1'],
    skipped: ['bad_address', 'bad_address'],
  },
  'TARGET: the heaviest weights that Consul has': {
    entries: [at('10.0.0.1', { weights: { Passing: 65_535, Warning: 1 } })],
    targets: ['10.0.0.1:8080=65535'],
  },
  'NAME: ids and checks that look like more than names': {
    entries: [
      at('10.0.0.1', {
        id: '../../services',
        node: '__proto__',
        tags: ['a\r\nX: y'],
        checks: [{ id: '%2f?#', status: 'passing' }],
      }),
    ],
    targets: [GOOD_TARGET],
  },
};

describe('one answer of Consul', () => {
  test.each(Object.entries(ROWS))('%s', async (_, { entries, targets, binding = {}, skipped = [], malformed = 0 }) => {
    consul.set('web', entries);
    const { store } = start({ upstreams: { web: binding } });
    await eventually(() => expect(kong.targets('web')).toEqual([...targets].sort()));
    await eventually(() => expect(store.report('web')?.state).toBe('in_sync'));
    const report = store.report('web');
    expect(report?.verdicts.flatMap((verdict) => verdict.skipped ?? []).sort()).toEqual(skipped);
    expect(report?.malformed).toBe(malformed);
    kong.clearRequests();
    consul.set('web', [...entries].reverse());
    const [index] = consul.readsOf('web').slice(-1);
    await eventually(() => expect(consul.readsOf('web').at(-1)).not.toBe(index));
    await eventually(() =>
      expect(consul.readsOf('web').at(-1)?.query.get('index')).not.toBe(index?.query.get('index')),
    );
    expect(kong.writes()).toEqual([]);
  });
});
