import type { Flat, Row } from './declarative-rows.ts';
import type { AdminAnswer } from './errors.ts';
import { luaText } from './lua-text.ts';
import { isSince, SINCE } from './release.ts';
import { type Entity, type FieldErrors, isRecord } from './schema.ts';
import { errorsIn, type Schemas } from './schemas.ts';
import { REFERENCES } from './tables.ts';

const TO_OPAQUE = [
  ['upstreams', 'client_certificate', 'certificates'],
  ['services', 'client_certificate', 'certificates'],
] as const;

/** What is wrong with a row: by field, or as a whole. */
interface Problem {
  readonly row: Row;
  readonly error: FieldErrors | string | readonly string[];
  /** What it refers to is not there. */
  readonly isLost?: boolean;
}

/** Why the configuration is refused; undefined when it is fine. `isFlat`: with `flattened_errors` in place of `fields`. */
export function refusalOf(flat: Flat, schemas: Schemas, isFlat: boolean): AdminAnswer | undefined {
  const { rows, unknown } = flat;
  const atTop = Object.fromEntries(unknown.map((key) => [key, 'unknown field']));
  const invalid = rows.flatMap((row) => fieldProblem(row, schemas));
  // Only fields that are right are looked at together.
  const problems = invalid.length > 0 || unknown.length > 0 ? invalid : wholeProblems(flat, schemas);
  if (problems.length === 0 && unknown.length === 0) return undefined;
  if (!isFlat || !isSince(schemas.release, SINCE.flattenErrors)) return refused({ ...atTop, ...nested(problems) });
  // Seen on 3.9.1: of references that lead nowhere the flattened answer says nothing.
  return refused(atTop, problems.filter(({ isLost }) => isLost !== true).map(flatProblem));
}

export function refused(fields: Entity, flattened?: readonly Entity[]): AdminAnswer {
  const message = `declarative config is invalid: ${luaText(fields)}`;
  const body = { code: 14, name: 'invalid declarative configuration', message, fields };
  return { status: 400, body: flattened === undefined ? body : { ...body, flattened_errors: flattened } };
}

function fieldProblem(row: Row, schemas: Schemas): readonly Problem[] {
  const error = errorsIn(schemas, row.kind, row.given, row.entity, true);
  return Object.keys(error).length === 0 ? [] : [{ row, error }];
}

function wholeProblems({ rows, opaque }: Flat, schemas: Schemas): readonly Problem[] {
  const seen = new Set<string>();
  const kept = [...opaque].flatMap(([kind, list]) => list.map(({ id }) => `${kind}/${String(id)}`));
  const ids = new Set([...rows.map(({ kind, entity }) => `${kind}/${String(entity.id)}`), ...kept]);
  const isUniqueChecked = isSince(schemas.release, SINCE.declarativeUniqueness);
  return rows.flatMap((row): readonly Problem[] => {
    const key = `${row.kind}/${String(row.entity.id)}`;
    if (isUniqueChecked && seen.has(key)) return [{ row, error: twice(row) }];
    seen.add(key);
    const lost = [...REFERENCES, ...TO_OPAQUE]
      .filter(([child]) => child === row.kind)
      .flatMap(([, field, parent]) => {
        const value = row.entity[field];
        if (value === null || value === undefined || (isRecord(value) && ids.has(`${parent}/${String(value.id)}`)))
          return [];
        const shown = typeof value === 'string' ? value : JSON.stringify(isRecord(value) ? (value.id ?? value) : value);
        return [`invalid reference '${field}: ${shown}' (no such entry in '${parent}')`];
      });
    return lost.length === 0 ? [] : [{ row, error: lost, isLost: true }];
  });
}

function twice({ kind, entity }: Row): string {
  const isNamed = kind !== 'targets' && kind !== 'plugins' && typeof entity.name === 'string';
  const key = isNamed ? `name set to '${entity.name}'` : `primary key set to '${String(entity.id)}'`;
  return `uniqueness violation: '${kind}' entity with ${key} already declared`;
}

function flatProblem({ row, error }: Problem): Entity {
  const { id, name, tags } = row.given;
  const errors = isRecord(error)
    ? flatErrors(error, '')
    : [error].flat().map((message) => ({ message, type: 'entity' }));
  return {
    entity: row.given,
    ...(typeof id === 'string' && { entity_id: id }),
    ...(typeof name === 'string' && { entity_name: name }),
    ...(Array.isArray(tags) && { entity_tags: tags }),
    entity_type: row.kind.slice(0, -1),
    errors,
  };
}

function flatErrors(errors: Entity, prefix: string): readonly Entity[] {
  return Object.entries(errors).flatMap(([key, error]): readonly Entity[] => {
    if (isRecord(error)) return flatErrors(error, `${prefix}${key}.`);
    const list = Array.isArray(error) ? error : [error];
    if (key === '@entity') return list.map((message) => ({ message, type: 'entity' }));
    if (!Array.isArray(error)) return [{ field: `${prefix}${key}`, message: error, type: 'field' }];
    return list.flatMap((message, at) =>
      message === undefined ? [] : [{ field: `${prefix}${key}.${at + 1}`, message, type: 'field' }],
    );
  });
}

/** Errors where the entities stand: lists with holes, and records. */
function nested(problems: readonly Problem[]): Entity {
  const root: Entity = {};
  for (const { row, error, isLost } of problems) {
    // Seen on 3.9.1: by name, or by id where there is none.
    if (isLost === true) {
      const byName = root[row.kind];
      const name = String(row.entity.name ?? row.entity.id);
      root[row.kind] = { ...(isRecord(byName) ? byName : {}), [name]: error };
      continue;
    }
    let list = listIn(root, row.path[0]);
    for (let depth = 1; depth < row.path.length - 2; depth += 2) {
      const index = Number(row.path[depth]);
      const above = list[index];
      const record: Entity = isRecord(above) ? above : {};
      fill(list, index, record);
      list = listIn(record, row.path[depth + 1]);
    }
    const index = Number(row.path.at(-1));
    const before = list[index];
    fill(list, index, isRecord(error) && isRecord(before) ? { ...before, ...error } : error);
  }
  return root;
}

function listIn(record: Entity, key: unknown): unknown[] {
  const found = record[String(key)];
  if (Array.isArray(found)) return found;
  const list: unknown[] = [];
  record[String(key)] = list;
  return list;
}

function fill(list: unknown[], index: number, value: unknown): void {
  while (list.length < index) list.push(null);
  list[index] = value;
}
