import { randomUUID } from 'node:crypto';
import { Balancer } from './balancer.ts';
import { Declarative } from './declarative.ts';
import { entityRoutes } from './entity-routes.ts';
import { type AdminAnswer, NOT_ALLOWED, NOT_FOUND, UNEXPECTED } from './errors.ts';
import { pageByPosition, pageOfIds } from './lists.ts';
import type { Node } from './node.ts';
import { isSince, parseRelease, type Release, SINCE } from './release.ts';
import type { AdminRequest } from './request.ts';
import type { Entity } from './schema.ts';
import { schemaRoute } from './schema-route.ts';
import { type Schemas, schemasAt } from './schemas.ts';
import { KINDS, Tables } from './tables.ts';

export interface AdminOptions {
  readonly database: 'postgres' | 'off';
  readonly version: string;
  readonly role: 'traditional' | 'control_plane';
  /** What a control plane tells of its data planes. */
  readonly dataPlanes: readonly Entity[];
  readonly plugins: readonly string[];
  readonly pluginDefaults: Readonly<Record<string, Entity>>;
  /** Until a new upstream is known to the balancer. */
  readonly healthUpdateMs: number;
  /** For so long a `POST /config` keeps others out. */
  readonly configLoadMs: number;
  /** Name of the database. */
  readonly cluster: string;
}

/** Entities that nothing here looks into: what `POST /config` brought, else empty. */
const OPAQUE_PATHS = ['certificates', 'snis', 'ca_certificates', 'vaults', 'keys', 'key-sets', 'filter-chains'];

/** The Admin API of one Kong: its state and what it answers. */
export class Admin implements Node {
  readonly id = randomUUID();
  readonly tables = new Tables();
  readonly database: 'postgres' | 'off';
  readonly role: 'traditional' | 'control_plane';
  readonly schemas: Schemas;
  readonly balancer: Balancer;
  readonly version: string;
  readonly dataPlanes: readonly Entity[];
  readonly #cluster: string;
  readonly #declarative: Declarative;

  constructor(options: AdminOptions) {
    this.database = options.database;
    this.role = options.role;
    this.version = options.version;
    this.dataPlanes = options.dataPlanes;
    this.#cluster = options.cluster;
    const release = parseRelease(options.version);
    this.schemas = schemasAt(release, new Set(options.plugins), options.pluginDefaults);
    // A control plane has no balancer: it never learns of any upstream.
    const balanced = options.role === 'control_plane' ? new Tables() : this.tables;
    this.balancer = new Balancer(balanced, options.healthUpdateMs);
    this.#declarative = new Declarative(this, options.configLoadMs);
  }

  get release(): Release {
    return this.schemas.release;
  }

  /** Where the database is. */
  #place(): Entity {
    if (this.database === 'off') return {};
    return { pg_host: '127.0.0.1', pg_port: 5432, pg_database: this.#cluster, pg_password: '******' };
  }

  answer(request: AdminRequest): AdminAnswer {
    const [first = '', ...rest] = request.segments;
    switch (first) {
      case '':
        return request.method === 'GET' ? this.#root() : NOT_ALLOWED;
      case 'status':
        // `/status/ready` is served on the Status API only.
        if (rest.length > 0) return NOT_FOUND;
        return request.method === 'GET' ? this.#status() : NOT_ALLOWED;
      case 'config':
        return this.#declarative.answer(request);
      case 'clustering':
        return this.role === 'control_plane' && rest[0] === 'data-planes' ? this.#clustered(request) : NOT_FOUND;
      case 'schemas':
        return schemaRoute(this.schemas, rest[0], request);
      case 'tags':
        return request.method === 'GET' ? this.#tagged(request, rest[0]) : NOT_ALLOWED;
      default: {
        if (OPAQUE_PATHS.includes(first) && rest.length === 0 && request.method === 'GET')
          return { status: 200, body: { data: this.#declarative.opaque(first.replace('-', '_')), next: null } };
        const kind = KINDS.find((name) => name === first);
        // `/targets` is not served at the top.
        return kind === undefined || kind === 'targets' ? NOT_FOUND : entityRoutes(this, kind, rest, request);
      }
    }
  }

  /** `kong/api/routes/kong.lua`. */
  #root(): AdminAnswer {
    const about = isSince(this.release, SINCE.pluginVersions) ? { version: this.version, priority: 1 } : true;
    const available = [...this.schemas.plugins].map((name) => [name, about]);
    const enabled = new Set(this.tables.all('plugins').map(({ name }) => name));
    return {
      status: 200,
      body: {
        tagline: 'Welcome to kong',
        version: this.version,
        ...(isSince(this.release, SINCE.edition) && { edition: 'community' }),
        hostname: 'kong-double',
        node_id: this.id,
        plugins: { available_on_server: Object.fromEntries(available), enabled_in_cluster: [...enabled] },
        configuration: { database: this.database, role: this.role, ...this.#place() },
      },
    };
  }

  /** `kong/api/routes/health.lua`. */
  #status(): AdminAnswer {
    const state =
      this.database === 'off' ? { configuration_hash: this.#declarative.hash } : { database: { reachable: true } };
    return { status: 200, body: { ...state, memory: {}, server: { connections_active: 1 } } };
  }

  /** `kong/api/routes/clustering.lua`. */
  #clustered(request: AdminRequest): AdminAnswer {
    const page = pageByPosition(this.dataPlanes, request);
    return 'status' in page ? page : { status: 200, body: page };
  }

  /** `kong/api/routes/tags.lua`. Without a database it pages through empty pages, and fails on some (recorded, README). */
  #tagged(request: AdminRequest, tag: string | undefined): AdminAnswer {
    if (tag === undefined) return this.#allTagged(request);
    const ids = this.tables.taggedIds(tag);
    if (this.database === 'off' && ids.length > 0) {
      if (request.query.has('offset')) return UNEXPECTED;
      return { status: 200, body: { data: [], next: `${request.path}?offset=WyIxIl0`, offset: 'WyIxIl0' } };
    }
    if (ids.length === 0 && !isSince(this.release, SINCE.emptyTagList))
      return { status: 200, body: { data: {}, next: null } };
    const row = (id: string) => ({ entity_id: id, entity_name: this.tables.kindOf(id), tag });
    return pageOfIds(ids, row, request, []);
  }

  #allTagged(request: AdminRequest): AdminAnswer {
    const rows = KINDS.flatMap((kind) =>
      this.tables
        .all(kind)
        .flatMap(({ id, tags }) =>
          (Array.isArray(tags) ? tags : []).map((tag) => ({ entity_id: id, entity_name: kind, tag: String(tag) })),
        ),
    );
    const page = pageByPosition(rows, request);
    return 'status' in page ? page : { status: 200, body: page };
  }
}
