import type { AdminOptions } from './admin.ts';
import type { AdminAnswer } from './errors.ts';
import type { KonnectOptions } from './konnect.ts';
import type { Dns } from './proxy.ts';
import type { AdminRequest } from './request.ts';
import type { Entity } from './schema.ts';

/** `atMs`: when the request came, since the epoch. */
export type Around = (request: AdminRequest, answer: () => AdminAnswer, atMs: number) => AdminAnswer;

export interface KongDoubleOptions {
  /** `postgres` unless told otherwise. */
  readonly database?: 'postgres' | 'off';
  /** 3.9.1 unless told otherwise; 2.8 and later are told apart. */
  readonly version?: string;
  readonly role?: 'traditional' | 'control_plane';
  /** What a control plane tells of its data planes; it has none unless told otherwise. */
  readonly dataPlanes?: readonly Entity[];
  /** Those that are installed and enabled. */
  readonly plugins?: readonly string[];
  /** Put under the config of a plugin, by its name. */
  readonly pluginDefaults?: Readonly<Record<string, Entity>>;
  /** Asked for in the header `Kong-Admin-Token`. */
  readonly adminToken?: string;
  /** Taken as a first part of the path; each has entities of its own. */
  readonly workspaces?: readonly string[];
  /** Serves what Konnect serves, and no more. */
  readonly konnect?: KonnectOptions;
  /** A free one unless told otherwise. */
  readonly adminPort?: number;
  readonly proxyPort?: number;
  /** Until the balancer knows a new, renamed or deleted upstream; 5,000 as Kong's `worker_state_update_frequency`. */
  readonly healthUpdateMs?: number;
  /** An older name of `healthUpdateMs`. */
  readonly balancerDelayMs?: number;
  /** How long `POST /config` takes; others get 429 meanwhile. 0 unless told otherwise. */
  /** Name of the database, as `GET /` tells; `kong` unless told otherwise. Doubles do not share their state. */
  readonly cluster?: string;
  readonly configLoadMs?: number;
  /** What DNS says about the host of a Service without an upstream; nothing unless told otherwise. */
  readonly dns?: Dns;
  /** Deals with each request that Kong deals with, by calling `answer`: to look at the state before and after it. */
  readonly around?: Around;
  /** Whether `listen` after `stop` finds the state again; as a database does unless told otherwise. */
  readonly statePersistsAcrossRestart?: boolean;
}

const PLUGINS = [
  'acl',
  'basic-auth',
  'correlation-id',
  'cors',
  'file-log',
  'http-log',
  'ip-restriction',
  'jwt',
  'key-auth',
  'kong-upstream-healthcheck',
  'prometheus',
  'proxy-cache',
  'rate-limiting',
  'request-size-limiting',
  'request-termination',
  'request-transformer',
  'response-transformer',
];
const HEALTH_UPDATE_MS = 5000;

export function adminOptions(options: KongDoubleOptions): AdminOptions {
  return {
    database: options.database ?? 'postgres',
    version: options.version ?? '3.9.1',
    role: options.role ?? 'traditional',
    dataPlanes: options.dataPlanes ?? [],
    plugins: options.plugins ?? PLUGINS,
    pluginDefaults: options.pluginDefaults ?? {},
    healthUpdateMs: options.healthUpdateMs ?? options.balancerDelayMs ?? HEALTH_UPDATE_MS,
    configLoadMs: options.configLoadMs ?? 0,
    cluster: options.cluster ?? 'kong',
  };
}
