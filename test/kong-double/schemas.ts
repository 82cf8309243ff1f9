import { consumerFields, pluginFields, routeFields, serviceFields, targetFields, upstreamFields } from './entities.ts';
import { isSince, type Release } from './release.ts';
import { type Entity, type FieldErrors, type Fields, fieldsAt, fillIn, isRecord, mergeEntity } from './schema.ts';
import { normalTarget } from './spelling.ts';
import type { Kind } from './tables.ts';
import { upstreamErrors, withHashShorthands } from './upstream-rules.ts';
import { validate } from './validate.ts';

/** What one Kong, of its release and with its plugins, knows about entities. */
export interface Schemas {
  readonly release: Release;
  readonly fields: Readonly<Record<Kind, Fields>>;
  readonly plugins: ReadonlySet<string>;
  /** Under the config that is given, by plugin. */
  readonly pluginDefaults: Readonly<Record<string, Entity>>;
}

const FIELDS: Readonly<Record<Kind, Fields>> = {
  upstreams: upstreamFields,
  targets: targetFields,
  services: serviceFields,
  routes: routeFields,
  plugins: pluginFields,
  consumers: consumerFields,
};

export function schemasAt(
  release: Release,
  plugins: ReadonlySet<string>,
  pluginDefaults: Readonly<Record<string, Entity>>,
): Schemas {
  const at = (kind: Kind) => fieldsAt(FIELDS[kind], release);
  const fields = {
    upstreams: at('upstreams'),
    targets: at('targets'),
    services: at('services'),
    routes: at('routes'),
    plugins: at('plugins'),
    consumers: at('consumers'),
  };
  return { release, fields, plugins, pluginDefaults };
}

/** In the spelling in which Kong stores it. */
export function shaped(kind: Kind, given: Entity): Entity {
  if (kind === 'upstreams') return withHashShorthands(given);
  if (kind !== 'targets' || typeof given.target !== 'string') return given;
  return { ...given, target: normalTarget(given.target) ?? given.target };
}

/** With its defaults. */
export function completed(schemas: Schemas, kind: Kind, given: Entity): Entity {
  const filled = fillIn(schemas.fields[kind], given);
  const defaults = kind === 'plugins' ? schemas.pluginDefaults[String(given.name)] : undefined;
  if (defaults === undefined) return filled;
  return { ...filled, config: mergeEntity(defaults, isRecord(filled.config) ? filled.config : {}) };
}

/** What is wrong with `given`, and with the `whole` that it makes. */
export function errorsIn(schemas: Schemas, kind: Kind, given: Entity, whole: Entity, complete: boolean): FieldErrors {
  const errors = validate(schemas.fields[kind], given, complete);
  switch (kind) {
    case 'targets':
      return { ...targetErrors(given), ...errors };
    case 'upstreams':
      return { ...upstreamErrors(whole), ...errors, ...spaceErrors(schemas.release, given) };
    case 'plugins':
      return { ...errors, ...pluginErrors(schemas.plugins, given) };
    case 'consumers':
      return { ...errors, ...consumerErrors(whole) };
    default:
      return errors;
  }
}

function targetErrors({ target }: Entity): FieldErrors {
  if (typeof target !== 'string' || normalTarget(target) !== undefined) return {};
  return { target: `Invalid target ('${target}'); not a valid hostname or ip address` };
}

function pluginErrors(plugins: ReadonlySet<string>, { name }: Entity): FieldErrors {
  if (typeof name !== 'string' || plugins.has(name)) return {};
  return { name: `plugin '${name}' not enabled; add it to the 'plugins' configuration property` };
}

function consumerErrors({ username, custom_id }: Entity): FieldErrors {
  if ((username ?? custom_id ?? null) !== null) return {};
  return { '@entity': ["at least one of these fields must be non-empty: 'custom_id', 'username'"] };
}

/** Tags with spaces came with 3.0. */
function spaceErrors(release: Release, { tags }: Entity): FieldErrors {
  if (isSince(release, [3, 0]) || !Array.isArray(tags) || !tags.some((tag) => String(tag).includes(' '))) return {};
  const error = (tag: unknown) =>
    `invalid tag '${tag}': expected printable ascii (except \`,\` and \`/\`) or valid utf-8 sequences`;
  return { tags: tags.map((tag) => (String(tag).includes(' ') ? error(tag) : undefined)) };
}
