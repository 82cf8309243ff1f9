import { randomUUID } from 'node:crypto';
import { type AdminAnswer, noSuchReference, schemaViolation, uniqueViolation, unresolvedReference } from './errors.ts';
import { type Entity, type FieldErrors, isRecord, mergeEntity } from './schema.ts';
import { completed, errorsIn, type Schemas, shaped } from './schemas.ts';
import { idOf, type Kind, REFERENCES, type Tables, uniqueKeys } from './tables.ts';

export interface Store {
  readonly tables: Tables;
  readonly schemas: Schemas;
}

export type Written = { readonly entity: Entity } | { readonly answer: AdminAnswer };

/** A new entity, checked and completed. */
export function create(store: Store, kind: Kind, given: Entity): Written {
  const draft = completed(store.schemas, kind, shaped(kind, given));
  return write(store, kind, { given, draft, isWhole: true });
}

/** PUT on what is there: what is left out goes back to its default. */
export function replace(store: Store, kind: Kind, before: Entity, given: Entity): Written {
  const draft = completed(store.schemas, kind, shaped(kind, given));
  return write(store, kind, { given, draft, before, isWhole: true });
}

/** PATCH: what is given goes over what is there. */
export function patch(store: Store, kind: Kind, before: Entity, given: Entity): Written {
  return write(store, kind, { given, draft: mergeEntity(before, shaped(kind, given)), before, isWhole: false });
}

/** Kong stores the times of targets in milliseconds, all others in seconds. */
export function times(schemas: Schemas, kind: Kind, createdAt?: unknown): Entity {
  const now = kind === 'targets' ? Date.now() / 1000 : Math.floor(Date.now() / 1000);
  return {
    created_at: typeof createdAt === 'number' ? createdAt : now,
    ...('updated_at' in schemas.fields[kind] && { updated_at: now }),
  };
}

interface Write {
  readonly given: Entity;
  readonly draft: Entity;
  readonly before?: Entity;
  readonly isWhole: boolean;
}

function write({ tables, schemas }: Store, kind: Kind, { given, draft, before, isWhole }: Write): Written {
  const errors = errorsIn(schemas, kind, given, draft, isWhole);
  if (Object.keys(errors).length > 0) return { answer: schemaViolation(errors) };
  const resolved = resolve(tables, kind, draft);
  if ('answer' in resolved) return resolved;
  const { id = randomUUID(), created_at } = before ?? given;
  const entity = { ...resolved.entity, ...times(schemas, kind, created_at), id };
  const clash = clashOf(tables, kind, entity);
  if (clash !== undefined) return { answer: uniqueViolation(clash) };
  tables.put(kind, entity);
  return { entity };
}

/** References by id as they are, by name as the id; either must be there. */
function resolve(tables: Tables, kind: Kind, entity: Entity): Written {
  const resolved: Entity = { ...entity };
  for (const [, field, parent] of REFERENCES.filter(([child]) => child === kind)) {
    const reference = entity[field];
    if (!isRecord(reference)) continue;
    const { id, name } = reference;
    const found = tables.find(parent, String(id ?? name));
    if (found !== undefined) resolved[field] = { id: found.id };
    else if (id === undefined) return { answer: unresolvedReference(field, String(name), parent) };
    else return { answer: noSuchReference(field, String(id), parent) };
  }
  return { entity: resolved };
}

/** What another entity has already. */
function clashOf(tables: Tables, kind: Kind, entity: Entity): FieldErrors | undefined {
  const isOther = (found: Entity | undefined) => found !== undefined && found.id !== entity.id;
  if (kind === 'targets') {
    const { upstream, target } = entity;
    return isOther(tables.findTarget(idOf(upstream), String(target))) ? { target, upstream } : undefined;
  }
  if (!uniqueKeys(kind, entity).some((key) => isOther(tables.unique(key)))) return undefined;
  const { name, service, route, consumer, username } = entity;
  if (kind === 'plugins') return { consumer, name, route, service };
  return kind === 'consumers' ? { username } : { name };
}
