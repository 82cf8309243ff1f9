import { type Entity, isRecord } from './schema.ts';

export type Kind = 'upstreams' | 'targets' | 'services' | 'routes' | 'plugins';

export const KINDS: readonly Kind[] = ['upstreams', 'targets', 'services', 'routes', 'plugins'];

/** One Kong's entities, found by id, by name and by upstream. */
export class Tables {
  readonly #byId = new Map<string, { readonly kind: Kind; readonly entity: Entity }>();
  readonly #ids = new Map<Kind, Set<string>>(KINDS.map((kind) => [kind, new Set()]));
  readonly #names = new Map<string, string>();
  readonly #targets = new Map<string, Map<string, string>>();

  all(kind: Kind): readonly Entity[] {
    return [...(this.#ids.get(kind) ?? [])].sort().flatMap((id) => this.#entity(id));
  }

  count(kind: Kind): number {
    return this.#ids.get(kind)?.size ?? 0;
  }

  /** By id, or by name. */
  find(kind: Kind, key: string): Entity | undefined {
    const id = this.#ids.get(kind)?.has(key) ? key : this.#names.get(`${kind}/${key}`);
    return id === undefined ? undefined : this.#byId.get(id)?.entity;
  }

  /** Newest first, as Kong lists them. */
  targetsOf(upstreamId: string): readonly Entity[] {
    return [...(this.#targets.get(upstreamId)?.values() ?? [])].reverse().flatMap((id) => this.#entity(id));
  }

  /** By id, or by `host:port` as stored. */
  findTarget(upstreamId: string, key: string): Entity | undefined {
    const id = this.#targets.get(upstreamId)?.get(key) ?? key;
    const row = this.#byId.get(id);
    return row?.kind === 'targets' && idOf(row.entity.upstream) === upstreamId ? row.entity : undefined;
  }

  put(kind: Kind, entity: Entity): void {
    const id = String(entity.id);
    const before = this.#byId.get(id)?.entity;
    if (before !== undefined) this.#names.delete(`${kind}/${String(before.name)}`);
    this.#byId.set(id, { kind, entity });
    this.#ids.get(kind)?.add(id);
    if (typeof entity.name === 'string' && kind !== 'plugins') this.#names.set(`${kind}/${entity.name}`, id);
    if (kind !== 'targets') return;
    const upstream = idOf(entity.upstream);
    const targets = this.#targets.get(upstream) ?? new Map<string, string>();
    this.#targets.set(upstream, targets.set(String(entity.target), id));
  }

  remove(kind: Kind, entity: Entity): void {
    const id = String(entity.id);
    this.#byId.delete(id);
    this.#ids.get(kind)?.delete(id);
    if (typeof entity.name === 'string') this.#names.delete(`${kind}/${entity.name}`);
    if (kind === 'targets') this.#targets.get(idOf(entity.upstream))?.delete(String(entity.target));
    if (kind !== 'upstreams') return;
    for (const target of this.targetsOf(id)) this.remove('targets', target);
    this.#targets.delete(id);
  }

  clear(): void {
    this.#byId.clear();
    for (const ids of this.#ids.values()) ids.clear();
    this.#names.clear();
    this.#targets.clear();
  }

  #entity(id: string): readonly Entity[] {
    const row = this.#byId.get(id);
    return row === undefined ? [] : [row.entity];
  }
}

export function idOf(reference: unknown): string {
  return isRecord(reference) ? String(reference.id) : '';
}
