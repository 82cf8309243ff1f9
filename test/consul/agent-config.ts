import type { Ports } from './ports.ts';

export interface ConsulAgentOptions {
  /** More configuration, as HCL. */
  readonly hcl?: string;
  /** Sent with every request of this object; with `acl`, the one token that may do everything. */
  readonly token?: string;
  /** Refuse whatever has no token. */
  readonly acl?: boolean;
  /** Listen for HTTPS too. */
  readonly tls?: TlsFiles;
  /** Consul's own default is 200. */
  readonly maxConnectionsPerClient?: number;
}

export interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Ask clients for a certificate (mTLS). */
  readonly verifyIncoming?: boolean;
}

/** One server among those that elect a leader. */
export interface Membership {
  readonly node: string;
  readonly servers: number;
  /** The others' LAN addresses. */
  readonly join: readonly string[];
}

/** The command line of a server that listens on loopback only. */
export function agentArgs(
  where: { readonly ports: Ports; readonly dataFolder: string; readonly socketFile: string },
  member: Membership,
  options: ConsulAgentOptions,
): readonly string[] {
  const { ports, dataFolder, socketFile } = where;
  const config = {
    ports: {
      http: ports.http,
      https: options.tls === undefined ? -1 : ports.https,
      dns: -1,
      grpc: -1,
      grpc_tls: -1,
      server: ports.server,
      serf_lan: ports.lan,
      serf_wan: ports.wan,
    },
    addresses: { http: `127.0.0.1 unix://${socketFile}` },
    node_name: member.node,
    disable_update_check: true,
    performance: { raft_multiplier: 1 },
    retry_join: member.join,
    retry_interval: '200ms',
    ...(options.maxConnectionsPerClient !== undefined && {
      limits: { http_max_conns_per_client: options.maxConnectionsPerClient },
    }),
    ...(options.acl === true && {
      acl: {
        enabled: true,
        default_policy: 'deny',
        tokens: { initial_management: options.token, agent: options.token },
      },
    }),
    ...(options.tls !== undefined && { tls: { https: tlsConfig(options.tls) } }),
  };
  return [
    'agent',
    '-server',
    `-bootstrap-expect=${member.servers}`,
    '-bind=127.0.0.1',
    '-client=127.0.0.1',
    `-data-dir=${dataFolder}`,
    '-log-level=warn',
    ...['-hcl', JSON.stringify(config)],
    ...(options.hcl === undefined ? [] : ['-hcl', options.hcl]),
  ];
}

function tlsConfig(tls: TlsFiles): Readonly<Record<string, unknown>> {
  return {
    ca_file: tls.caFile,
    cert_file: tls.certFile,
    key_file: tls.keyFile,
    verify_incoming: tls.verifyIncoming ?? false,
  };
}
