import { type AdminAnswer, NOT_ALLOWED, NOT_FOUND, notFoundEntity, stillReferenced, unsupported } from './errors.ts';
import { idsByTags, pageOfIds } from './lists.ts';
import { givenIn, type Node } from './node.ts';
import type { AdminRequest } from './request.ts';
import type { Entity } from './schema.ts';
import { idOf, KINDS, type Kind, REFERENCES } from './tables.ts';
import { healthRoute, targetRoutes } from './target-routes.ts';
import { create, patch, replace, type Written } from './writes.ts';

/** The parent that a nested path names: what is under it refers to it by `field`. */
interface Parent {
  readonly field: string;
  readonly id: string;
}

/** `/KIND/…`, generated for every entity (`kong/api/endpoints.lua`). */
export function entityRoutes(node: Node, kind: Kind, path: readonly string[], request: AdminRequest): AdminAnswer {
  const [key, nested, nestedKey, ...rest] = path;
  if (key === undefined) return collection(node, kind, request, undefined);
  if (nested === undefined) return single(node, kind, key, request, undefined);
  const child = KINDS.find((name) => name === nested);
  const reference = REFERENCES.find(([from, , to]) => from === child && to === kind);
  const isHealth = kind === 'upstreams' && nested === 'health';
  if (!isHealth && (child === undefined || reference === undefined)) return NOT_FOUND;
  const found = node.tables.find(kind, key);
  if (found === undefined) return NOT_FOUND;
  if (isHealth) return healthRoute(node, found, request);
  if (child === 'targets') return targetRoutes(node, found, path.slice(2), request);
  if (child === undefined || reference === undefined || rest.length > 0) return NOT_FOUND;
  const parent = { field: reference[1], id: String(found.id) };
  return nestedKey === undefined
    ? collection(node, child, request, parent)
    : single(node, child, nestedKey, request, parent);
}

function collection(node: Node, kind: Kind, request: AdminRequest, parent: Parent | undefined): AdminAnswer {
  const { tables, schemas } = node;
  if (request.method === 'GET') {
    const ids =
      parent === undefined ? idsByTags(tables, kind, request.query, schemas.release) : tables.childIds(parent.id, kind);
    if ('status' in ids) return ids;
    return pageOfIds(ids, (id) => tables.get(id), request, parent === undefined ? ['tags', 'size'] : []);
  }
  if (request.method !== 'POST') return NOT_ALLOWED;
  if (node.database === 'off') return unsupported(`create '${kind}' entities`);
  return told(node, kind, create(node, kind, { ...givenIn(node, kind, request), ...linkTo(parent) }), 201);
}

function single(node: Node, kind: Kind, key: string, request: AdminRequest, parent: Parent | undefined): AdminAnswer {
  const entity = node.tables.find(kind, key);
  const isElsewhere = parent !== undefined && entity !== undefined && idOf(entity[parent.field]) !== parent.id;
  const isMissing = entity === undefined || isElsewhere;
  const name = byName(kind, key);
  switch (request.method) {
    case 'GET':
      return isMissing ? NOT_FOUND : { status: 200, body: entity };
    case 'PUT': {
      if (node.database === 'off') return unsupportedOn('create or update', kind, key);
      const given = { ...givenIn(node, kind, request), ...name, ...linkTo(parent) };
      const written = entity === undefined ? create(node, kind, given) : replace(node, kind, entity, given);
      return told(node, kind, written, 200);
    }
    case 'PATCH':
      if (isMissing) return parent === undefined ? notFoundEntity(name) : NOT_FOUND;
      if (node.database === 'off') return unsupportedOn('update', kind, key);
      return told(node, kind, patch(node, kind, entity, givenIn(node, kind, request)), 200);
    case 'DELETE':
      if (isMissing) return parent === undefined ? { status: 204 } : NOT_FOUND;
      return node.database === 'off' ? unsupportedOn('remove', kind, key) : remove(node, kind, entity);
    default:
      return NOT_ALLOWED;
  }
}

function remove(node: Node, kind: Kind, entity: Entity): AdminAnswer {
  const id = String(entity.id);
  // Routes keep their service; all else goes with what it belongs to (`on_delete` in the schemas).
  if (kind === 'services' && node.tables.childIds(id, 'routes').length > 0)
    return stillReferenced('services', 'routes');
  if (kind === 'upstreams') node.balancer.upstreamLeaves(entity);
  node.tables.remove(kind, entity);
  if (kind === 'upstreams') node.balancer.upstreamChanged(id);
  return { status: 204 };
}

function told(node: Node, kind: Kind, written: Written, status: number): AdminAnswer {
  if ('answer' in written) return written.answer;
  if (kind === 'upstreams') node.balancer.upstreamChanged(String(written.entity.id));
  return { status, body: written.entity };
}

function linkTo(parent: Parent | undefined): Entity {
  return parent === undefined ? {} : { [parent.field]: { id: parent.id } };
}

/** The key of a path by the field that it stands for. */
function byName(kind: Kind, key: string): Entity {
  if (isUuid(key)) return { id: key };
  if (kind === 'plugins') return { instance_name: key };
  return { [kind === 'consumers' ? 'username' : 'name']: key };
}

function unsupportedOn(verb: string, kind: Kind, key: string): AdminAnswer {
  const by = Object.keys(byName(kind, key)).join();
  return unsupported(`${verb} '${kind}' entities${by === 'id' ? '' : ` by '${by}'`}`);
}

function isUuid(key: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(key);
}
