import type { Balancer } from './balancer.ts';
import { inferTypes } from './form.ts';
import type { AdminRequest } from './request.ts';
import type { Entity } from './schema.ts';
import type { Kind } from './tables.ts';
import type { Store } from './writes.ts';

/** One running Kong, as the routes of its Admin API see it. */
export interface Node extends Store {
  readonly id: string;
  readonly database: 'postgres' | 'off';
  readonly role: 'traditional' | 'control_plane';
  readonly balancer: Balancer;
}

/** What the client gives of an entity. */
export function givenIn(node: Node, kind: Kind, { body, isForm }: AdminRequest): Entity {
  if (body === undefined) return {};
  return isForm ? inferTypes(node.schemas.fields[kind], body) : body;
}
