import { type Above, derivedId } from './derived-id.ts';
import { type Entity, isRecord } from './schema.ts';
import { completed, type Schemas, shaped } from './schemas.ts';
import { KINDS, type Kind, REFERENCES } from './tables.ts';
import { times } from './writes.ts';

/** Kinds that the double keeps as they come, and gives back. */
const OPAQUE_KINDS = [
  'ca_certificates',
  'certificates',
  'snis',
  'vaults',
  'keys',
  'key_sets',
  'filter_chains',
  'parameters',
  'acls',
  'basicauth_credentials',
  'hmacauth_credentials',
  'jwt_secrets',
  'keyauth_credentials',
  'oauth2_credentials',
];
/** Allowed everywhere, and dropped. */
const REMARKS = ['_comment', '_ignore'];

/** One entity of a declarative configuration. */
export interface Row {
  readonly kind: Kind;
  /** As it stands there, without what is nested in it. */
  readonly given: Entity;
  readonly entity: Entity;
  /** Where it stands: list, position, nested list, position. */
  readonly path: readonly (string | number)[];
}

export interface Flat {
  readonly rows: readonly Row[];
  readonly opaque: ReadonlyMap<string, readonly Entity[]>;
  /** Keys at the top that Kong does not know. */
  readonly unknown: readonly string[];
}

/** Entities that are nested in others, and lists at the top, as one list of entities that refer to each other. */
export function flatten(document: Entity, schemas: Schemas): Flat {
  const rows: Row[] = [];
  const opaque = new Map<string, Entity[]>(OPAQUE_KINDS.map((name) => [name, []]));
  const keep = (name: string, item: Entity, above: Above | undefined) => {
    const id = typeof item.id === 'string' ? item.id : derivedId(name, item, above);
    const link = above === undefined ? {} : { [above.field]: { id: above.id } };
    opaque.get(name)?.push({ ...item, ...link, id });
  };
  const add = (kind: Kind, item: Entity, above: Above | undefined, path: Row['path']) => {
    const given = ownFields(item);
    const id = typeof item.id === 'string' ? item.id : derivedId(kind, given, above);
    const link = above === undefined ? {} : { [above.field]: { id: above.id } };
    const filled = completed(schemas, kind, shaped(kind, given));
    rows.push({ kind, given, path, entity: { ...filled, ...link, ...times(schemas, kind, given.created_at), id } });
    walk(item, { field: kind.slice(0, -1), id }, path);
  };
  const walk = (container: Entity, above: Above | undefined, path: Row['path']) => {
    for (const name of [...KINDS, ...OPAQUE_KINDS]) {
      const list = container[name];
      if (!Array.isArray(list)) continue;
      const kind = KINDS.find((each) => each === name);
      for (const [index, item] of list.entries()) {
        if (!isRecord(item)) continue;
        if (kind === undefined) keep(name, item, above);
        else add(kind, item, above, [...path, name, index]);
      }
    }
  };
  walk(document, undefined, []);
  const known = ['_format_version', '_transform', ...REMARKS, ...KINDS, ...OPAQUE_KINDS];
  return { rows: linked(rows), opaque, unknown: Object.keys(document).filter((key) => !known.includes(key)) };
}

/** References by name, or by id in short, as `{ id }`. What leads nowhere stays as it was. */
function linked(rows: readonly Row[]): readonly Row[] {
  const ids = new Map<string, string>();
  for (const { kind, entity } of rows) {
    const name = entity[kind === 'consumers' ? 'username' : 'name'];
    if (kind !== 'plugins' && typeof name === 'string') ids.set(`${kind}/${name}`, String(entity.id));
    ids.set(`${kind}/${String(entity.id)}`, String(entity.id));
  }
  return rows.map((row) => {
    const entity: Entity = { ...row.entity };
    for (const [, field, parent] of REFERENCES.filter(([child]) => child === row.kind)) {
      const value = entity[field];
      const key = isRecord(value) ? (value.id ?? value.name) : value;
      const id = ids.get(`${parent}/${String(key)}`);
      if (id !== undefined) entity[field] = { id };
    }
    return { ...row, entity };
  });
}

function ownFields(item: Entity): Entity {
  const isOwn = ([key, value]: readonly [string, unknown]) => {
    const isList = Array.isArray(value) && [...KINDS, ...OPAQUE_KINDS].some((name) => name === key);
    return !isList && !REMARKS.includes(key);
  };
  return Object.fromEntries(Object.entries(item).filter(isOwn));
}
