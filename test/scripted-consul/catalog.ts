import { createHash } from 'node:crypto';
import net from 'node:net';
import type { CheckStatus } from '../../sidecar/src/core/instance.ts';

export interface CheckFields {
  readonly id: string;
  readonly status: CheckStatus;
  readonly name?: string;
  readonly notes?: string;
  readonly output?: string;
  readonly type?: string;
}

export interface EntryFields {
  readonly node?: string;
  /** The node's address. */
  readonly address?: string;
  readonly id: string;
  readonly service?: string;
  readonly serviceAddress?: string;
  /** Consul leaves out a port of 0; so does null. */
  readonly port?: number | null;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>> | null;
  readonly checks?: readonly CheckFields[];
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  readonly taggedAddresses?: Readonly<Record<string, { readonly Address: string; readonly Port: number }>>;
}

/** An entry of `/v1/health/service/:name`, with all that 1.14 gives. */
export function entry(fields: EntryFields): unknown {
  const { id, node = 'node-1', address = '10.0.0.1', service = 'web', serviceAddress = '', tags = [] } = fields;
  const port = fields.port === null ? 0 : (fields.port ?? 8080);
  const checks = fields.checks ?? [nodeCheck, { id: `service:${id}`, status: 'passing' }];
  const taggedAddresses = { ...fields.taggedAddresses, ...ownAddresses(serviceAddress, port) };
  return {
    Node: {
      ID: nodeId(node),
      Node: node,
      Address: address,
      Datacenter: 'dc1',
      TaggedAddresses: { lan: address, lan_ipv4: address, wan: address, wan_ipv4: address },
      Meta: { 'consul-network-segment': '' },
      ...modified,
    },
    Service: {
      ID: id,
      Service: service,
      Tags: tags,
      Address: serviceAddress,
      ...(Object.keys(taggedAddresses).length > 0 && { TaggedAddresses: taggedAddresses }),
      Meta: fields.meta ?? null,
      ...(port !== 0 && { Port: port }),
      Weights: fields.weights ?? { Passing: 1, Warning: 1 },
      EnableTagOverride: false,
      Proxy: { Mode: '', MeshGateway: {}, Expose: {} },
      Connect: {},
      PeerName: '',
      ...modified,
    },
    Checks: checks.map((check) => checkEntry(check, { node, id, service, tags })),
  };
}

/** The check that Consul itself keeps for every node with an agent. */
export const nodeCheck: CheckFields = {
  id: 'serfHealth',
  name: 'Serf Health Status',
  status: 'passing',
  output: 'Agent alive and reachable',
};

/** Entries do not say when they changed: tests of content stay free of indexes. */
const modified = { CreateIndex: 1, ModifyIndex: 1 };

function checkEntry(
  check: CheckFields,
  of: { readonly node: string; readonly id: string; readonly service: string; readonly tags: readonly string[] },
): unknown {
  const isOfNode = check.id === nodeCheck.id || check.id === '_node_maintenance';
  return {
    Node: of.node,
    CheckID: check.id,
    Name: check.name ?? check.id,
    Status: check.status,
    Notes: check.notes ?? '',
    Output: check.output ?? '',
    ServiceID: isOfNode ? '' : of.id,
    ServiceName: isOfNode ? '' : of.service,
    ServiceTags: isOfNode ? [] : of.tags,
    Type: check.type ?? '',
    Interval: '',
    Timeout: '',
    ExposedPort: 0,
    Definition: {},
    ...modified,
  };
}

/** Consul adds these by itself, for a service with an IP address of its own. */
function ownAddresses(address: string, port: number): NonNullable<EntryFields['taggedAddresses']> {
  const own = { Address: address, Port: port };
  if (net.isIPv4(address)) return { lan_ipv4: own, wan_ipv4: own };
  if (net.isIPv6(address)) return { lan_ipv6: own, wan_ipv6: own };
  return {};
}

function nodeId(node: string): string {
  const hex = createHash('sha1').update(node).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
