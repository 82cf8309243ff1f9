import { randomUUID } from 'node:crypto';
import { pluginFields, routeFields, serviceFields, targetFields, upstreamFields } from './entities.ts';
import { type AdminAnswer, schemaViolation, uniqueViolation } from './errors.ts';
import { type Entity, type Field, type FieldErrors, fillIn, isRecord, mergeEntity, validate } from './schema.ts';
import type { Kind, Tables } from './tables.ts';
import { normalTarget } from './target-form.ts';

export const FIELDS: Readonly<Record<Kind, Readonly<Record<string, Field>>>> = {
  upstreams: upstreamFields,
  targets: targetFields,
  services: serviceFields,
  routes: routeFields,
  plugins: pluginFields,
};

const BAD_TARGET = 'Invalid target; not a valid hostname or ip address';
/** Kong stores times of targets in ms, of all else in seconds. */
const stamp = (kind: Kind) => (kind === 'targets' ? Date.now() / 1000 : Math.floor(Date.now() / 1000));

export type Written = { readonly entity: Entity } | { readonly answer: AdminAnswer };

/** A new entity, checked and completed. */
export function create(
  tables: Tables,
  kind: Kind,
  given: Entity,
  fixed: Entity,
  plugins: ReadonlySet<string>,
): Written {
  const errors = check(kind, given, true, plugins);
  if (Object.keys(errors).length > 0) return { answer: schemaViolation(errors) };
  const at = stamp(kind);
  const id = randomUUID();
  const shaped = withShorthands(kind, normalised(kind, given));
  const entity = { ...fillIn(FIELDS[kind], shaped), ...fixed, id, created_at: at, updated_at: at };
  const clash = clashOf(tables, kind, entity);
  if (clash !== undefined) return { answer: uniqueViolation(clash) };
  tables.put(kind, entity);
  return { entity };
}

/** PATCH: what is given goes over what is there. */
export function patch(
  tables: Tables,
  kind: Kind,
  before: Entity,
  given: Entity,
  plugins: ReadonlySet<string>,
): Written {
  const errors = check(kind, given, false, plugins);
  if (Object.keys(errors).length > 0) return { answer: schemaViolation(errors) };
  const merged = mergeEntity(before, withShorthands(kind, normalised(kind, given)));
  const clash = kind === 'upstreams' && merged.name !== before.name ? clashOf(tables, kind, merged) : undefined;
  if (clash !== undefined) return { answer: uniqueViolation(clash) };
  const entity = { ...merged, updated_at: stamp(kind) };
  tables.put(kind, entity);
  return { entity };
}

/** PUT on what is there: what is left out goes back to its default. */
export function replace(
  tables: Tables,
  kind: Kind,
  before: Entity,
  given: Entity,
  plugins: ReadonlySet<string>,
): Written {
  const errors = check(kind, given, true, plugins);
  if (Object.keys(errors).length > 0) return { answer: schemaViolation(errors) };
  const { id, created_at, upstream } = before;
  const filled = fillIn(FIELDS[kind], withShorthands(kind, normalised(kind, given)));
  const entity = { ...filled, ...(upstream !== undefined && { upstream }), id, created_at, updated_at: stamp(kind) };
  tables.put(kind, entity);
  return { entity };
}

export function check(kind: Kind, given: Entity, complete: boolean, plugins: ReadonlySet<string>): FieldErrors {
  const errors = validate(FIELDS[kind], given, complete);
  if (kind === 'targets' && typeof given.target === 'string' && normalTarget(given.target) === undefined)
    errors.target = BAD_TARGET;
  if (kind === 'upstreams' && given.hash_on === 'header' && (given.hash_on_header ?? null) === null) {
    errors['@entity'] = ["failed conditional validation given value of field 'hash_on'"];
    errors.hash_on_header = 'required field missing';
  }
  if (kind === 'plugins' && typeof given.name === 'string' && !plugins.has(given.name)) {
    errors.name = `plugin '${given.name}' not enabled; add it to the 'plugins' configuration property`;
  }
  return errors;
}

/** `kong/db/schema/entities/upstreams.lua`: `hash_on` and `algorithm` set each other. */
export function withShorthands(kind: Kind, given: Entity): Entity {
  if (kind !== 'upstreams') return given;
  const shaped = { ...given };
  if (given.algorithm === 'least-connections') shaped.hash_on = 'none';
  if (typeof given.hash_on === 'string' && given.algorithm === undefined) {
    shaped.algorithm = given.hash_on === 'none' ? 'round-robin' : 'consistent-hashing';
  }
  return shaped;
}

export function normalised(kind: Kind, given: Entity): Entity {
  if (kind !== 'targets' || typeof given.target !== 'string') return given;
  return { ...given, target: normalTarget(given.target) ?? given.target };
}

function clashOf(tables: Tables, kind: Kind, entity: Entity): FieldErrors | undefined {
  switch (kind) {
    case 'upstreams':
    case 'services':
    case 'routes':
      return typeof entity.name === 'string' && tables.find(kind, entity.name) !== undefined
        ? { name: entity.name }
        : undefined;
    case 'targets': {
      const { upstream, target } = entity;
      const isTaken = isRecord(upstream) && tables.findTarget(String(upstream.id), String(target)) !== undefined;
      return isTaken ? { target, upstream } : undefined;
    }
    case 'plugins': {
      const { name, service, route, consumer } = entity;
      const key = JSON.stringify([name, service, route, consumer]);
      const isTaken = tables
        .all('plugins')
        .some((other) => JSON.stringify([other.name, other.service, other.route, other.consumer]) === key);
      return isTaken ? { consumer, name, route, service } : undefined;
    }
    default:
      return undefined;
  }
}
