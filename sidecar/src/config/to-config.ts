import type { z } from 'zod';
import type { Config, FileUpstream, Origin } from './config.ts';
import type { configSchema } from './schema.ts';

type Raw = z.infer<typeof configSchema>;

interface Rest {
  readonly path: string | undefined;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly upstreams: readonly FileUpstream[];
}

type Outcome =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The checked file in the program's own shape, with addresses taken apart. */
export function toConfig(raw: Raw, rest: Rest): Outcome {
  const addr = consulUrl(raw.consul.addr, raw.consul.ssl);
  const listen = raw.listen === 'off' ? undefined : hostPort(raw.listen);
  const problems = [
    ...(addr === undefined
      ? [`consul.addr: expected a URL, host:port or unix:///path, got ${JSON.stringify(raw.consul.addr)}`]
      : []),
    ...(raw.listen !== 'off' && listen === undefined
      ? [`listen: expected host:port or off, got ${JSON.stringify(raw.listen)}`]
      : []),
  ];
  if (addr === undefined || problems.length > 0) return { ok: false, problems };
  const { consul, kong } = raw;
  return {
    ok: true,
    config: {
      ...rest,
      owner: raw.owner,
      consul: {
        addr,
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
        timeoutSeconds: kong.timeout_seconds,
      },
      sources: raw.sources,
      emptyGraceSeconds: raw.empty_grace_seconds,
      unbindGraceSeconds: raw.unbind_grace_seconds,
      maxRemovePercent: raw.max_remove_percent,
      holdSeconds: raw.hold_seconds,
      startupHoldSeconds: raw.startup_hold_seconds,
      resyncSeconds: raw.resync_seconds,
      ownerCheckSeconds: raw.owner_check_seconds,
      coalesceMs: raw.coalesce_ms,
      log: raw.log,
      listen,
      listenToken: raw.listen_token,
    },
  };
}

/** Consul's own CLI takes an address with and without a scheme. */
function consulUrl(addr: string, ssl: boolean): string | undefined {
  if (addr.startsWith('unix://')) return addr.length > 'unix://'.length ? addr : undefined;
  const full = addr.includes('://') ? addr : `${ssl ? 'https' : 'http'}://${addr}`;
  if (!URL.canParse(full)) return undefined;
  const { protocol, hostname } = new URL(full);
  return (protocol === 'http:' || protocol === 'https:') && hostname !== '' ? full : undefined;
}

function hostPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?<host>\[[0-9a-fA-F:]+\]|[^:]*):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.port);
  if (match?.groups?.host === undefined || port > 65_535) return undefined;
  const host = match.groups.host.replace(/^\[|\]$/g, '');
  return { host: host === '' ? '0.0.0.0' : host, port };
}
