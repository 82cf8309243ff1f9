import type { Entity } from './schema.ts';
import type { Tables } from './tables.ts';

export interface TargetState {
  readonly target: string;
  readonly weight: number;
  readonly tags: unknown;
}

export interface UpstreamState {
  readonly name: string;
  readonly entity: Entity;
  /** Sorted. */
  readonly targets: readonly TargetState[];
}

/** What a Kong holds, to be compared with what it should hold. */
export interface KongState {
  /** Sorted by name. */
  readonly upstreams: readonly UpstreamState[];
  readonly services: readonly Entity[];
  readonly routes: readonly Entity[];
  readonly plugins: readonly Entity[];
  readonly consumers: readonly Entity[];
}

export function readState(tables: Tables): KongState {
  const upstreams = tables.all('upstreams').map((entity) => ({
    name: String(entity.name),
    entity,
    targets: targetsOf(tables, entity),
  }));
  return {
    upstreams: upstreams.sort((one, other) => (one.name < other.name ? -1 : 1)),
    services: tables.all('services'),
    routes: tables.all('routes'),
    plugins: tables.all('plugins'),
    consumers: tables.all('consumers'),
  };
}

export function targetsOf(tables: Tables, upstream: Entity): readonly TargetState[] {
  return tables
    .targetsOf(String(upstream.id))
    .map(({ target, weight, tags }) => ({ target: String(target), weight: Number(weight), tags }))
    .sort((one, other) => (one.target < other.target ? -1 : 1));
}
