import { z } from 'zod';
import type { KongAnswer, KongClient } from './client.ts';
import { parse, parsePage } from './entities.ts';
import { KongStatusError, NotKongError } from './errors.ts';

const root = z.object({
  version: z.string(),
  node_id: z.string().optional(),
  configuration: z.looseObject({ database: z.string(), role: z.string().optional() }),
  plugins: z.object({ available_on_server: z.record(z.string(), z.unknown()) }).optional(),
});

/** What a Kong says of itself; `unknown` where it may not be asked. */
export interface KongInfo {
  readonly version: string;
  readonly nodeId: string | undefined;
  /** `off`: without a database. */
  readonly database: string;
  readonly role: string;
  /** The same for all nodes of one cluster, as far as their own configurations tell. */
  readonly cluster?: string;
  /** Undefined: not known. */
  readonly plugins: ReadonlySet<string> | undefined;
}

/** Where a Kong's database is (`kong.conf`); passwords come masked, and are not looked at. */
const CLUSTER_KEYS = [
  'database',
  'pg_host',
  'pg_port',
  'pg_database',
  'pg_schema',
  'cassandra_contact_points',
  'cassandra_keyspace',
];

const UNKNOWN = 'unknown';
const SERVER = /^kong\/(?:enterprise-edition-)?(\d+\.\S+)/i;

/**
 * From `GET /`, under a workspace `GET /kong`. An Admin API that serves no root (Konnect), or not to us (RBAC), is known by
 * its list of upstreams: it takes entities, and its version may be in the header `Server`.
 * @throws NotKongError when something else answers there, with the sentence that tells how to mend it
 */
export async function readKongInfo(client: KongClient, signal: AbortSignal): Promise<KongInfo> {
  try {
    for (const path of client.hasWorkspace ? ['/kong', '/'] : ['/']) {
      const answer = await client.request({ method: 'GET', path, accept: [403, 404] }, signal);
      if (answer.status === 200) return fromRoot(answer);
    }
    const query = { size: '1' };
    return fromList(await client.request({ method: 'GET', path: '/upstreams', query }, signal));
  } catch (error) {
    if (error instanceof KongStatusError) throw explainRefusal(error, client.displayUrl);
    throw error;
  }
}

function fromRoot(answer: KongAnswer): KongInfo {
  const { version, node_id: nodeId, configuration, plugins } = parse(root, answer.body, 'GET /');
  return {
    version,
    nodeId,
    database: configuration.database,
    role: configuration.role ?? 'traditional',
    cluster: JSON.stringify(CLUSTER_KEYS.map((key) => configuration[key] ?? null)),
    plugins: new Set(Object.keys(plugins?.available_on_server ?? {})),
  };
}

function fromList(answer: KongAnswer): KongInfo {
  parsePage(answer);
  const version = SERVER.exec(answer.server ?? '')?.[1] ?? UNKNOWN;
  return { version, nodeId: undefined, database: UNKNOWN, role: UNKNOWN, plugins: undefined };
}

function explainRefusal(error: KongStatusError, url: string): Error {
  if (error.status === 401 || error.status === 403) {
    return new NotKongError('GET /', url, `access denied (${error.status}): check kong.admin_token or kong.header`);
  }
  if (error.status === 404) {
    return new NotKongError(
      'GET /',
      url,
      `404 "${error.kongMessage}": this looks like the proxy port or a wrong workspace`,
    );
  }
  return error;
}
