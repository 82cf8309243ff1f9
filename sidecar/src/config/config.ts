import type { BindingBlock } from '../core/resolve-bindings.ts';
import type { ListenAddress } from './listen.ts';

/** Where an option's value came from. */
export type Origin = 'flag' | 'environment' | 'file' | 'default';

/** The whole configuration, checked. */
export interface Config {
  /** The config file, if there is one. */
  readonly path: string | undefined;
  /** One for each option; `default` for one that is not set. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** For each option that is set: its flag, its variable, or `path:line` of the file. */
  readonly places: ReadonlyMap<string, string>;
  readonly owner: string;
  readonly consul: ConsulConfig;
  readonly kong: KongConfig;
  readonly sources: { readonly plugin: boolean; readonly file: boolean };
  readonly upstreams: readonly FileUpstream[];
  readonly emptyGraceSeconds: number;
  readonly unbindGraceSeconds: number;
  readonly maxRemovePercent: number;
  readonly holdSeconds: number;
  readonly startupHoldSeconds: number;
  readonly resyncSeconds: number;
  readonly ownerCheckSeconds: number;
  readonly coalesceMs: number;
  readonly leaderElection: boolean;
  /** The key in Consul that the leader locks. */
  readonly leaderKey: string;
  readonly leaderTakeoverSeconds: number;
  readonly log: { readonly level: string; readonly format: 'json' | 'pretty' };
  /** Undefined when the HTTP side is off. */
  readonly listen: ListenAddress | undefined;
  readonly listenToken?: string | undefined;
}

export interface ConsulConfig {
  /** A URL, or `unix:///path`. */
  readonly addr: string;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly caPath?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly tlsServerName?: string | undefined;
  readonly verify: boolean;
  readonly httpAuth?: string | undefined;
  readonly datacenter?: string | undefined;
  readonly namespace?: string | undefined;
  readonly partition?: string | undefined;
  /** Undefined: from the agent's own limit. */
  readonly maxConnections: number | undefined;
  readonly maxStaleMs: number;
  /** Undefined: 55 s, longer with many services. */
  readonly waitSeconds: number | undefined;
  readonly maxBodyMb: number;
}

export interface KongConfig {
  readonly adminUrl: readonly string[];
  /** Of the data planes. */
  readonly statusUrl: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly adminToken?: string | undefined;
  readonly workspace?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly verify: boolean;
  readonly policy: 'sync' | 'upsert_only';
  readonly pollSeconds: number;
  readonly concurrency: number;
  readonly writesPerSecond: number;
  readonly declarativeFile?: string | undefined;
  readonly declarativeDebounceMs: number;
  readonly timeoutSeconds: number;
}

/** One entry under `upstreams:`. */
export interface FileUpstream {
  readonly name: string;
  readonly line: number;
  readonly block: BindingBlock;
}
