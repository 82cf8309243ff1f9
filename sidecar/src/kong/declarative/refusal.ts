import { z } from 'zod';
import { isOwned } from '../../core/ownership.ts';
import type { CurrentUpstream } from '../../core/state.ts';
import { shortened } from '../../net/foreign-text.ts';

const flatError = z.looseObject({ field: z.string().optional(), message: z.string() });
const flatEntity = z.looseObject({
  entity_type: z.string(),
  entity_name: z.string().optional(),
  entity_id: z.string().optional(),
  entity_tags: z.array(z.string()).optional().catch(undefined),
  entity: z.record(z.string(), z.unknown()).optional().catch(undefined),
  errors: z.array(flatError),
});
const byName = z.record(z.string(), z.array(z.string()));
const body = z.looseObject({
  fields: z.record(z.string(), z.unknown()).optional().catch(undefined),
  // Lua has one word for an empty list and an empty record.
  flattened_errors: z.array(flatEntity).catch([]),
});

const UNTOLD = 'invalid declarative configuration';

/** One entity that Kong does not take. */
export interface RefusedEntity {
  readonly type: string;
  readonly name: string | undefined;
  /** Undefined where Kong does not tell them. */
  readonly tags: readonly string[] | undefined;
  /** Of a target. */
  readonly target: string | undefined;
  readonly errors: readonly string[];
}

/** Why Kong refused a whole document. */
export interface Refusal {
  readonly message: string;
  /** What Kong says of each entity (`flatten_errors`, since 3.2); empty when it names none. */
  readonly entities: readonly RefusedEntity[];
}

/**
 * Kong's own words are kept, as far as `shown` lets them; the entities' other fields are not: they may hold secrets.
 */
export function parseRefusal(value: unknown, shown: (text: string) => string): Refusal {
  const result = body.safeParse(value);
  if (!result.success) return { message: UNTOLD, entities: [] };
  const { fields = {}, flattened_errors: flat } = result.data;
  const atTop = Object.entries(fields).filter(([, problem]) => typeof problem === 'string');
  const told = atTop.map(([field, problem]) => (field === 'error' ? `${problem}` : `${field}: ${problem}`)).sort();
  return {
    message: told.length > 0 ? shown(told.join('; ')) : UNTOLD,
    entities: (flat.length > 0 ? flat.map(toEntity) : Object.entries(fields).flatMap(lostReferences)).map((entity) => ({
      ...entity,
      errors: entity.errors.map(shown),
    })),
  };
}

/** Kong says nothing of what it does not like. */
export function isUntold({ message, entities }: Refusal): boolean {
  return entities.length === 0 && message === UNTOLD;
}

function toEntity({ entity, ...each }: z.infer<typeof flatEntity>): RefusedEntity {
  return {
    type: each.entity_type,
    name: each.entity_name ?? textOf(entity?.username) ?? textOf(entity?.target) ?? each.entity_id,
    tags: each.entity_tags ?? [],
    target: textOf(entity?.target),
    errors: each.errors.map(({ field, message: words }) => (field === undefined ? words : `${field}: ${words}`)),
  };
}

/** References that lead nowhere are told without `flatten_errors` only, by kind and by name or id (seen on 3.9.1). */
function lostReferences([kind, problems]: readonly [string, unknown]): readonly RefusedEntity[] {
  const result = byName.safeParse(problems);
  if (!result.success) return [];
  return Object.entries(result.data).map(([name, errors]) => {
    return { type: kind.replace(/s$/, ''), name, tags: undefined, target: undefined, errors };
  });
}

/** Whom Kong's complaints are about. */
export interface Blame {
  /** Names of our upstreams. Kong does not say which upstream a nested target stands in: all that have it. */
  readonly upstreams: ReadonlySet<string>;
  readonly ours: readonly RefusedEntity[];
  readonly theirs: readonly RefusedEntity[];
}

export function blameFor({ entities }: Refusal, upstreams: readonly CurrentUpstream[], tag: string): Blame {
  const owned = new Set(upstreams.filter((upstream) => isOwned(upstream, tag)).map(({ name }) => name));
  const isOurs = ({ type, name, tags }: RefusedEntity) =>
    tags === undefined ? type === 'upstream' && name !== undefined && owned.has(name) : tags.includes(tag);
  const ours = entities.filter(isOurs);
  const names = new Set(ours.flatMap(({ type, name }) => (type === 'upstream' && name !== undefined ? [name] : [])));
  const targets = new Set(ours.flatMap(({ target }) => target ?? []));
  const blamed = upstreams.filter(
    (upstream) => names.has(upstream.name) || upstream.targets.some(({ target }) => targets.has(target)),
  );
  return {
    upstreams: new Set(blamed.map(({ name }) => name)),
    ours,
    theirs: entities.filter((entity) => !isOurs(entity)),
  };
}

/** `service "web": host: required field missing`; `place` stands behind the name. */
export function describeEntity({ type, name, errors }: RefusedEntity, place = ''): string {
  return shortened(`${type}${name === undefined ? '' : ` ${JSON.stringify(name)}`}${place}: ${errors.join(', ')}`);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Kong does not take the document. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}
