import type { z } from 'zod';
import { toBindingBlock } from './binding-block.ts';
import type { Config, Origin } from './config.ts';
import type { configSchema } from './schema.ts';
import { overTls } from './url.ts';

type Raw = z.infer<typeof configSchema>;

interface Places {
  readonly path: string | undefined;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly places: ReadonlyMap<string, string>;
  readonly lineOf: (key: readonly string[]) => number;
}

/** The checked keys in the program's own shape. */
export function toConfig(raw: Raw, { path, origins, places, lineOf }: Places): Config {
  const { consul, kong } = raw;
  return {
    path,
    origins,
    places,
    owner: raw.owner,
    consul: {
      addr: consul.ssl ? overTls(consul.addr) : consul.addr,
      token: consul.token,
      tokenFile: consul.token_file,
      caFile: consul.ca_file,
      caPath: consul.ca_path,
      certFile: consul.cert_file,
      keyFile: consul.key_file,
      tlsServerName: consul.tls_server_name,
      httpAuth: consul.http_auth,
      datacenter: consul.datacenter,
      namespace: consul.namespace,
      partition: consul.partition,
      verify: consul.verify,
      maxConnections: consul.max_connections,
      maxStaleMs: consul.max_stale_ms,
      waitSeconds: consul.wait_seconds,
      maxBodyMb: consul.max_body_mb,
    },
    kong: {
      adminUrl: kong.admin_url,
      statusUrl: kong.status_url ?? [],
      headers: kong.header ?? {},
      adminToken: kong.admin_token,
      workspace: kong.workspace,
      caFile: kong.ca_file,
      certFile: kong.cert_file,
      keyFile: kong.key_file,
      verify: kong.verify,
      policy: kong.policy,
      pollSeconds: kong.poll_seconds,
      concurrency: kong.concurrency,
      writesPerSecond: kong.writes_per_second,
      declarativeFile: kong.declarative_file,
      declarativeDebounceMs: kong.declarative_debounce_ms,
      timeoutSeconds: kong.timeout_seconds,
    },
    sources: raw.sources,
    upstreams: Object.entries(raw.upstreams ?? {}).map(([name, block]) => ({
      name,
      line: lineOf(['upstreams', name]),
      block: toBindingBlock(block),
    })),
    emptyGraceSeconds: raw.empty_grace_seconds,
    unbindGraceSeconds: raw.unbind_grace_seconds,
    maxRemovePercent: raw.max_remove_percent,
    holdSeconds: raw.hold_seconds,
    startupHoldSeconds: raw.startup_hold_seconds,
    resyncSeconds: raw.resync_seconds,
    ownerCheckSeconds: raw.owner_check_seconds,
    coalesceMs: raw.coalesce_ms,
    leaderElection: raw.leader_election,
    leaderKey: raw.leader_key ?? `kong-consul/${raw.owner}/leader`,
    leaderTakeoverSeconds: raw.leader_takeover_seconds,
    log: raw.log,
    listen: raw.listen ?? undefined,
    listenToken: raw.listen_token,
  };
}
