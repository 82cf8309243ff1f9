import { checksHealth } from './balancer.ts';
import { type AdminAnswer, NOT_ALLOWED, NOT_FOUND, schemaViolation, UNEXPECTED, unsupported } from './errors.ts';
import { balancerHealth, withHealth } from './health.ts';
import { pageByPosition, pageOfIds } from './lists.ts';
import { givenIn, type Node } from './node.ts';
import { isSince, SINCE } from './release.ts';
import type { AdminRequest } from './request.ts';
import type { Entity } from './schema.ts';
import { normalTarget } from './spelling.ts';
import { create, patch, type Written } from './writes.ts';

/** `/upstreams/U/targets…` (`kong/api/routes/upstreams.lua`, `kong/db/dao/targets.lua`). */
export function targetRoutes(
  node: Node,
  upstream: Entity,
  [key, ...actions]: readonly string[],
  request: AdminRequest,
): AdminAnswer {
  if (key === undefined) return collection(node, upstream, request);
  if (key === 'all') return request.method === 'GET' ? rows(node, upstream, request) : NOT_ALLOWED;
  // `…/healthy`, or `…/ADDRESS/healthy`.
  const action = actions.at(-1);
  if (action !== undefined && !isHealthAction(node, action, actions.length)) return NOT_FOUND;
  const target = node.tables.findTarget(String(upstream.id), key);
  if (action !== undefined) return mark(node, upstream, target, { healthy: action === 'healthy', request });
  return target === undefined ? NOT_FOUND : single(node, target, request);
}

/** `/upstreams/U/health`. */
export function healthRoute(node: Node, upstream: Entity, request: AdminRequest): AdminAnswer {
  if (request.method !== 'GET') return NOT_ALLOWED;
  const targets = node.tables.targetsOf(String(upstream.id));
  if (request.query.get('balancer_health') === '1') {
    const data = balancerHealth(upstream, targets, node.balancer);
    return { status: 200, body: { ...(data !== undefined && { data }), next: null, node_id: node.id } };
  }
  const page = pageByPosition(targets, request);
  if ('status' in page) return page;
  const data = withHealth(upstream, page.data, node.balancer);
  return { status: 200, body: { ...page, data, node_id: node.id } };
}

function collection(node: Node, upstream: Entity, request: AdminRequest): AdminAnswer {
  if (request.method === 'GET') {
    const page = pageByPosition(node.tables.targetsOf(String(upstream.id)), request);
    return 'status' in page ? page : { status: 200, body: page };
  }
  if (request.method !== 'POST') return NOT_ALLOWED;
  if (node.database === 'off') return unsupported("create 'targets' entities");
  return add(node, upstream, givenIn(node, 'targets', request));
}

function rows(node: Node, upstream: Entity, request: AdminRequest): AdminAnswer {
  const ids = node.tables.childIds(String(upstream.id), 'targets');
  return pageOfIds(ids, (id) => node.tables.get(id), request, []);
}

function add(node: Node, upstream: Entity, given: Entity): AdminAnswer {
  const { target } = given;
  // Kong spells it before it checks its type, and fails (recorded).
  if (target !== undefined && typeof target !== 'string') return UNEXPECTED;
  const spelled = target === undefined ? undefined : normalTarget(target);
  if (target !== undefined && spelled === undefined)
    return schemaViolation({ target: 'Invalid target; not a valid hostname or ip address' });
  const existing = spelled === undefined ? undefined : node.tables.findTarget(String(upstream.id), spelled);
  if (existing !== undefined && !isSince(node.schemas.release, SINCE.targetConflict)) {
    return { ...told(patch(node, 'targets', existing, given), 200), headers: { deprecation: 'true' } };
  }
  return told(create(node, 'targets', { ...given, upstream: { id: upstream.id } }), 201);
}

function single(node: Node, target: Entity, request: AdminRequest): AdminAnswer {
  if (request.method === 'GET') return { status: 200, body: target };
  const isUpdate = request.method === 'PATCH' || request.method === 'PUT';
  if (!isUpdate && request.method !== 'DELETE') return NOT_ALLOWED;
  if (node.database === 'off') return unsupported(`${isUpdate ? 'update' : 'remove'} 'targets' entities`);
  if (isUpdate) return told(patch(node, 'targets', target, givenIn(node, 'targets', request)), 200);
  node.tables.remove('targets', target);
  return { status: 204 };
}

/** Absent on a control plane. */
function isHealthAction(node: Node, action: string, depth: number): boolean {
  return (action === 'healthy' || action === 'unhealthy') && depth <= 2 && node.role !== 'control_plane';
}

function mark(
  node: Node,
  upstream: Entity,
  target: Entity | undefined,
  { healthy, request }: { readonly healthy: boolean; readonly request: AdminRequest },
): AdminAnswer {
  if (request.method !== (isSince(node.schemas.release, SINCE.healthByPut) ? 'PUT' : 'POST')) return NOT_ALLOWED;
  if (target === undefined) return NOT_FOUND;
  const name = String(upstream.name);
  if (!node.balancer.knows(upstream)) return { status: 400, body: { message: `Upstream ${name} has no balancer` } };
  if (!checksHealth(upstream)) return { status: 400, body: { message: `no healthchecker found for ${name}` } };
  node.balancer.setHealthy(upstream, target, healthy);
  return { status: 204 };
}

function told(written: Written, status: number): AdminAnswer {
  return 'answer' in written ? written.answer : { status, body: written.entity };
}
