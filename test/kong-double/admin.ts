import { randomUUID } from 'node:crypto';
import { Balancer, checksHealth } from './balancer.ts';
import { type Declarative, exportConfig, loadDeclarative } from './declarative.ts';
import { type AdminAnswer, NOT_ALLOWED, NOT_FOUND, notFoundEntity, unsupported } from './errors.ts';
import { health } from './health.ts';
import { byTags, page } from './lists.ts';
import type { Entity } from './schema.ts';
import { KINDS, type Kind, Tables } from './tables.ts';
import { create, patch, replace, type Written } from './writes.ts';

export interface AdminRequest {
  readonly method: string;
  /** Decoded path segments. */
  readonly segments: readonly string[];
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined when there was none. */
  readonly body: Entity | undefined;
  /** The body as it came. */
  readonly text: string;
}

export interface AdminOptions {
  readonly database: 'postgres' | 'off';
  readonly version: string;
  readonly role: string;
  readonly plugins: ReadonlySet<string>;
  readonly balancerDelayMs: number;
}

const NO_CONFIG_ENDPOINT = 'this endpoint is only available when Kong is configured to not use a database';

/** The Admin API of one Kong: its state and what it answers. */
export class Admin {
  readonly tables = new Tables();
  readonly balancer: Balancer;
  readonly nodeId = randomUUID();
  readonly #options: AdminOptions;
  #declarative: Declarative = { hash: '0'.repeat(32), text: '' };

  constructor(options: AdminOptions) {
    this.#options = options;
    this.balancer = new Balancer(this.tables, options.balancerDelayMs);
  }

  answer(request: AdminRequest): AdminAnswer {
    const [first = '', ...rest] = request.segments;
    if (first === '') return request.method === 'GET' ? this.#root() : NOT_ALLOWED;
    if (first === 'status') return this.#status();
    if (first === 'config') return this.#config(request);
    if (first === 'tags') return this.#tags(request, rest[0]);
    const kind = KINDS.find((name) => name === first);
    if (kind === undefined || kind === 'targets') return NOT_FOUND;
    return this.#entities(kind, rest, request);
  }

  #root(): AdminAnswer {
    const { version, database, role, plugins } = this.#options;
    const available = Object.fromEntries([...plugins].map((name) => [name, { version: '1.0.0', priority: 1 }]));
    return {
      status: 200,
      body: {
        version,
        edition: 'community',
        tagline: 'Welcome to kong',
        node_id: this.nodeId,
        hostname: 'double',
        configuration: { database, role },
        plugins: { available_on_server: available, enabled_in_cluster: [] },
      },
    };
  }

  #status(): AdminAnswer {
    if (this.#options.database === 'off') return { status: 200, body: { configuration_hash: this.#declarative.hash } };
    return { status: 200, body: { database: { reachable: true } } };
  }

  #config(request: AdminRequest): AdminAnswer {
    if (this.#options.database !== 'off') return { status: 400, body: { message: NO_CONFIG_ENDPOINT } };
    if (request.method === 'GET') return { status: 200, body: { config: exportConfig(this.tables) } };
    if (request.method !== 'POST') return NOT_ALLOWED;
    const { answer, loaded } = loadDeclarative(this.tables, this.#declarative, request, this.#options.plugins);
    if (loaded !== undefined) {
      this.#declarative = loaded;
      this.balancer.refresh();
    }
    return answer;
  }

  #tags(request: AdminRequest, tag: string | undefined): AdminAnswer {
    const rows = KINDS.flatMap((kind) =>
      this.tables
        .all(kind)
        .flatMap((entity) =>
          (Array.isArray(entity.tags) ? entity.tags : [])
            .filter((each) => tag === undefined || each === tag)
            .map((each) => ({ entity_id: entity.id, entity_name: kind, tag: String(each) })),
        ),
    );
    if (this.#options.database === 'off' && rows.length > 0) {
      // Without a database Kong pages through empty pages (recorded).
      return { status: 200, body: { data: [], next: `${request.path}?offset=WyIxIl0`, offset: 'WyIxIl0' } };
    }
    return page(rows, request.path, request.query, true);
  }

  #entities(kind: Kind, rest: readonly string[], request: AdminRequest): AdminAnswer {
    const [key, nested, ...deeper] = rest;
    if (key === undefined) return this.#collection(kind, request, {});
    if (nested === undefined) return this.#one(kind, key, request);
    const parent = this.tables.find(kind, key);
    if (parent === undefined) return NOT_FOUND;
    if (kind === 'upstreams' && nested === 'targets') return this.#targets(parent, deeper, request);
    if (kind === 'upstreams' && nested === 'health') return this.#health(parent, request);
    const child = KINDS.find((name) => name === nested);
    if (child === undefined || child === 'targets') return NOT_FOUND;
    const link = { [kind.slice(0, -1)]: { id: parent.id } };
    return deeper[0] === undefined
      ? this.#collection(child, request, link)
      : this.#one(child, deeper[0], request, link);
  }

  #collection(kind: Kind, request: AdminRequest, link: Entity): AdminAnswer {
    if (request.method === 'GET') {
      const items = byTags(
        this.tables.all(kind).filter((entity) => isLinked(entity, link)),
        request.query,
      );
      return 'status' in items ? items : page(items, request.path, request.query, false);
    }
    if (request.method !== 'POST') return NOT_ALLOWED;
    if (this.#options.database === 'off') return unsupported(`create '${kind}'`);
    return this.#written(create(this.tables, kind, request.body ?? {}, link, this.#options.plugins), 201, kind);
  }

  #one(kind: Kind, key: string, request: AdminRequest, link: Entity = {}): AdminAnswer {
    const entity = this.tables.find(kind, key);
    const given = request.body ?? {};
    const { plugins, database } = this.#options;
    if (database === 'off' && request.method !== 'GET') return byName(request.method, kind);
    switch (request.method) {
      case 'GET':
        return entity === undefined ? NOT_FOUND : { status: 200, body: entity };
      case 'PUT': {
        if (entity !== undefined)
          return this.#written(replace(this.tables, kind, entity, { name: entity.name, ...given }, plugins), 200, kind);
        return this.#written(create(this.tables, kind, { name: key, ...given }, link, plugins), 200, kind);
      }
      case 'PATCH':
        if (entity === undefined) return notFoundEntity({ name: key });
        return this.#written(patch(this.tables, kind, entity, given, plugins), 200, kind);
      case 'DELETE':
        if (entity !== undefined) this.tables.remove(kind, entity);
        this.balancer.upstreamChanged();
        return { status: 204 };
      default:
        return NOT_ALLOWED;
    }
  }

  #targets(upstream: Entity, rest: readonly string[], request: AdminRequest): AdminAnswer {
    const [key, action] = rest;
    const id = String(upstream.id);
    if (key === undefined || key === 'all') {
      if (request.method === 'GET') return page(this.tables.targetsOf(id), request.path, request.query, true);
      if (request.method !== 'POST') return NOT_ALLOWED;
      if (this.#options.database === 'off') return unsupported("create 'targets'");
      return this.#createTarget(id, request);
    }
    const target = this.tables.findTarget(id, key);
    if (target === undefined) return NOT_FOUND;
    if (action === 'healthy' || action === 'unhealthy')
      return this.#mark(upstream, target, action === 'healthy', request);
    if (request.method === 'GET') return { status: 200, body: target };
    if (this.#options.database === 'off') return unsupported(`${DBLESS_VERBS[request.method] ?? 'update'} 'targets'`);
    switch (request.method) {
      case 'PATCH':
      case 'PUT':
        return this.#written(
          patch(this.tables, 'targets', target, request.body ?? {}, this.#options.plugins),
          200,
          'targets',
        );
      case 'DELETE':
        this.tables.remove('targets', target);
        return { status: 204 };
      default:
        return NOT_ALLOWED;
    }
  }

  /** Kong 2.8 updates an existing target; since 3.0 it is a conflict (Kong pull requests 8179 and 8596). */
  #createTarget(upstreamId: string, request: AdminRequest): AdminAnswer {
    const written = create(
      this.tables,
      'targets',
      request.body ?? {},
      { upstream: { id: upstreamId } },
      this.#options.plugins,
    );
    if ('entity' in written || written.answer.status !== 409 || !this.#options.version.startsWith('2.')) {
      return this.#written(written, 201, 'targets');
    }
    const key = String(request.body?.target);
    const existing = this.tables.findTarget(upstreamId, key);
    if (existing === undefined) return written.answer;
    const answer = this.#written(
      patch(this.tables, 'targets', existing, request.body ?? {}, this.#options.plugins),
      200,
      'targets',
    );
    return { ...answer, headers: { deprecation: 'true' } };
  }

  #mark(upstream: Entity, target: Entity, healthy: boolean, request: AdminRequest): AdminAnswer {
    if (request.method !== (this.#options.version.startsWith('2.') ? 'POST' : 'PUT')) return NOT_ALLOWED;
    if (!this.balancer.knows(upstream) || !checksHealth(upstream)) {
      return { status: 400, body: { message: `no healthchecker found for ${String(upstream.name)}` } };
    }
    this.balancer.setHealthy(String(target.id), healthy);
    return { status: 204 };
  }

  #health(upstream: Entity, request: AdminRequest): AdminAnswer {
    if (request.method !== 'GET') return NOT_ALLOWED;
    const whole = request.query.get('balancer_health') === '1';
    return health(upstream, this.tables.targetsOf(String(upstream.id)), this.balancer, { nodeId: this.nodeId, whole });
  }

  #written(written: Written, status: number, kind: Kind): AdminAnswer {
    if ('answer' in written) return written.answer;
    if (kind === 'upstreams') this.balancer.upstreamChanged();
    return { status, body: written.entity };
  }
}

const DBLESS_VERBS: Readonly<Record<string, string>> = {
  PUT: 'create or update',
  PATCH: 'update',
  DELETE: 'remove',
  POST: 'create',
};

function byName(method: string, kind: Kind): AdminAnswer {
  const message = `cannot ${DBLESS_VERBS[method] ?? 'change'} '${kind}' entities by 'name' when not using a database`;
  return { status: 405, body: { code: 12, name: 'operation unsupported', message } };
}

function isLinked(entity: Entity, link: Entity): boolean {
  return Object.entries(link).every(([key, value]) => JSON.stringify(entity[key]) === JSON.stringify(value));
}
