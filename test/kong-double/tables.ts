import { type Entity, isRecord } from './schema.ts';
import { SortedIds } from './sorted-ids.ts';

export type Kind = 'upstreams' | 'targets' | 'services' | 'routes' | 'plugins' | 'consumers';

/** In the order in which they may refer to each other. */
export const KINDS: readonly Kind[] = ['consumers', 'services', 'routes', 'plugins', 'upstreams', 'targets'];

/** What refers to what, and by which field. */
export const REFERENCES = [
  ['routes', 'service', 'services'],
  ['plugins', 'service', 'services'],
  ['plugins', 'route', 'routes'],
  ['plugins', 'consumer', 'consumers'],
  ['targets', 'upstream', 'upstreams'],
] as const satisfies readonly (readonly [Kind, string, Kind])[];

interface Row {
  readonly kind: Kind;
  readonly entity: Entity;
}

/** One Kong's entities, found by id, by unique key, by parent and by tag. */
export class Tables {
  readonly #rows = new Map<string, Row>();
  readonly #kinds = new Map<Kind, SortedIds>(KINDS.map((kind) => [kind, new SortedIds()]));
  readonly #uniques = new Map<string, string>();
  readonly #children = new Map<string, SortedIds>();
  readonly #tags = new Map<string, SortedIds>();
  /** Of an upstream, by `host:port`, oldest first. */
  readonly #targets = new Map<string, Map<string, string>>();

  all(kind: Kind): readonly Entity[] {
    return this.#entities(this.ids(kind));
  }

  count(kind: Kind): number {
    return this.#kinds.get(kind)?.size ?? 0;
  }

  ids(kind: Kind): readonly string[] {
    return this.#kinds.get(kind)?.list() ?? [];
  }

  /** Those of `kind` that refer to the parent. */
  childIds(parentId: string, kind: Kind): readonly string[] {
    return this.#children.get(`${parentId}/${kind}`)?.list() ?? [];
  }

  /** Those that have the tag, of one kind or of all. */
  taggedIds(tag: string, kind?: Kind): readonly string[] {
    return this.#tags.get(`${kind ?? ''}/${tag}`)?.list() ?? [];
  }

  get(id: string): Entity | undefined {
    return this.#rows.get(id)?.entity;
  }

  kindOf(id: string): Kind | undefined {
    return this.#rows.get(id)?.kind;
  }

  /** By id, or by name. */
  find(kind: Kind, key: string): Entity | undefined {
    if (this.#kinds.get(kind)?.has(key)) return this.get(key);
    return this.unique(nameKey(kind, key));
  }

  /** By one of its `uniqueKeys`. */
  unique(key: string): Entity | undefined {
    const id = this.#uniques.get(key);
    return id === undefined ? undefined : this.get(id);
  }

  /** Newest first, as Kong lists them. */
  targetsOf(upstreamId: string): readonly Entity[] {
    return this.#entities([...(this.#targets.get(upstreamId)?.values() ?? [])].reverse());
  }

  /** By id, or by `host:port` as stored. */
  findTarget(upstreamId: string, key: string): Entity | undefined {
    const row = this.#rows.get(this.#targets.get(upstreamId)?.get(key) ?? key);
    return row?.kind === 'targets' && idOf(row.entity.upstream) === upstreamId ? row.entity : undefined;
  }

  put(kind: Kind, entity: Entity): void {
    const id = String(entity.id);
    const before = this.#rows.get(id)?.entity;
    if (before !== undefined) this.#forget(kind, id, before, entity);
    this.#rows.set(id, { kind, entity });
    this.#kinds.get(kind)?.add(id);
    for (const key of uniqueKeys(kind, entity)) this.#uniques.set(key, id);
    for (const key of indexKeys(kind, entity)) sortedAt(this.#children, key).add(id);
    for (const key of tagKeys(kind, entity)) sortedAt(this.#tags, key).add(id);
    if (kind !== 'targets') return;
    const upstreamId = idOf(entity.upstream);
    const targets = this.#targets.get(upstreamId) ?? new Map<string, string>();
    this.#targets.set(upstreamId, targets.set(String(entity.target), id));
  }

  /** The entity and what cannot be without it. */
  remove(kind: Kind, entity: Entity): void {
    const id = String(entity.id);
    for (const [child] of REFERENCES.filter(([, , parent]) => parent === kind)) {
      for (const childId of [...this.childIds(id, child)]) {
        const below = this.get(childId);
        if (below !== undefined) this.remove(child, below);
      }
      this.#children.delete(`${id}/${child}`);
    }
    this.#forget(kind, id, entity, undefined);
    this.#rows.delete(id);
    this.#kinds.get(kind)?.delete(id);
    if (kind === 'upstreams') this.#targets.delete(id);
  }

  clear(): void {
    for (const index of [this.#rows, this.#uniques, this.#children, this.#tags, this.#targets]) index.clear();
    for (const kind of KINDS) this.#kinds.set(kind, new SortedIds());
  }

  #entities(ids: readonly string[]): readonly Entity[] {
    return ids.flatMap((id) => {
      const row = this.#rows.get(id);
      return row === undefined ? [] : [row.entity];
    });
  }

  /** Takes what no longer holds out of the indexes. */
  #forget(kind: Kind, id: string, before: Entity, after: Entity | undefined): void {
    const kept = new Set(after === undefined ? [] : [...tagKeys(kind, after), ...indexKeys(kind, after)]);
    for (const key of uniqueKeys(kind, before)) this.#uniques.delete(key);
    for (const key of indexKeys(kind, before)) if (!kept.has(key)) this.#children.get(key)?.delete(id);
    for (const key of tagKeys(kind, before)) if (!kept.has(key)) this.#tags.get(key)?.delete(id);
    if (kind !== 'targets' || after?.target === before.target) return;
    this.#targets.get(idOf(before.upstream))?.delete(String(before.target));
  }
}

export function idOf(reference: unknown): string {
  return isRecord(reference) ? String(reference.id) : '';
}

/** What only one entity may have. */
export function uniqueKeys(kind: Kind, entity: Entity): readonly string[] {
  const named = [entity[kind === 'consumers' ? 'username' : 'name']].filter((name) => typeof name === 'string');
  switch (kind) {
    case 'targets':
      return [];
    case 'plugins': {
      const owners = [entity.route, entity.service, entity.consumer].map(idOf);
      return [`plugins:${String(entity.name)}:${owners.join(':')}`];
    }
    case 'consumers':
    case 'upstreams':
    case 'services':
    case 'routes':
      return named.map((name) => nameKey(kind, name));
    default:
      return kind satisfies never;
  }
}

function nameKey(kind: Kind, name: string): string {
  return `${kind}/${name}`;
}

function indexKeys(kind: Kind, entity: Entity): readonly string[] {
  return REFERENCES.filter(([child, field]) => child === kind && isRecord(entity[field])).map(
    ([, field]) => `${idOf(entity[field])}/${kind}`,
  );
}

function tagKeys(kind: Kind, entity: Entity): readonly string[] {
  return Array.isArray(entity.tags) ? entity.tags.flatMap((tag) => [`/${String(tag)}`, `${kind}/${String(tag)}`]) : [];
}

function sortedAt(index: Map<string, SortedIds>, key: string): SortedIds {
  const ids = index.get(key) ?? new SortedIds();
  index.set(key, ids);
  return ids;
}
