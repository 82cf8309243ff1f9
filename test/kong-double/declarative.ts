import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';
import type { AdminRequest } from './admin.ts';
import type { AdminAnswer } from './errors.ts';
import { luaText } from './errors.ts';
import { type Entity, fillIn, isRecord } from './schema.ts';
import { KINDS, type Kind, type Tables } from './tables.ts';
import { check, FIELDS, normalised, withShorthands } from './writes.ts';

/** What was loaded last. */
export interface Declarative {
  readonly hash: string;
  readonly text: string;
}

interface Loaded {
  readonly answer: AdminAnswer;
  readonly loaded?: Declarative;
}

/** Kong derives ids that are left out (`kong/db/schema/others/declarative_config.lua`). */
const ENTITY_NAMESPACE = 'fd02801f-0957-4a15-a55a-c8d9606f30b5';

/** `POST /config`: the hash is of the text, so a JSON document is never compared (recorded). */
export function loadDeclarative(
  tables: Tables,
  before: Declarative,
  request: AdminRequest,
  plugins: ReadonlySet<string>,
): Loaded {
  const isDocument = request.body?._format_version !== undefined;
  const text = isDocument ? undefined : typeof request.body?.config === 'string' ? request.body.config : undefined;
  if (!isDocument && text === undefined)
    return { answer: { status: 400, body: { message: 'expected a declarative configuration' } } };
  const hash = createHash('md5')
    .update(text ?? request.text)
    .digest('hex');
  if (request.query.get('check_hash') === '1' && text !== undefined && hash === before.hash)
    return { answer: { status: 304 } };

  const document = isDocument ? request.body : parseText(text ?? '');
  if (typeof document === 'string')
    return { answer: invalid({ error: `failed parsing declarative configuration: ${document}` }) };
  if (!isRecord(document) || document._format_version === undefined) {
    return { answer: invalid({ _format_version: 'required field missing' }) };
  }
  const rows = flatten(document);
  const errors = errorsOf(rows, plugins);
  if (errors.length > 0) return { answer: refuse(errors, request.query.get('flatten_errors') === '1') };
  tables.clear();
  for (const { kind, entity } of rows) tables.put(kind, entity);
  const body = Object.fromEntries(
    KINDS.map((kind) => [kind, Object.fromEntries(tables.all(kind).map((entity) => [entity.id, entity]))]),
  );
  return { answer: { status: 201, body }, loaded: { hash, text: text ?? request.text } };
}

/** `GET /config`: everything, flat, with ids for references. */
export function exportConfig(tables: Tables): string {
  const lists = KINDS.filter((kind) => tables.count(kind) > 0).map((kind) => [
    kind,
    tables.all(kind).map(flatReferences),
  ]);
  const order = ['services', 'routes', 'plugins', 'upstreams', 'targets'];
  lists.sort(([a], [b]) => order.indexOf(String(a)) - order.indexOf(String(b)));
  return stringify({ _format_version: '3.0', _transform: false, ...Object.fromEntries(lists) }, { nullStr: '~' });
}

interface Row {
  readonly kind: Kind;
  readonly entity: Entity;
  readonly given: Entity;
  /** Where it stands: list, position, nested list, position. */
  readonly path: readonly (string | number)[];
}

function flatten(document: Entity): readonly Row[] {
  const rows: Row[] = [];
  const addAll = (kind: Kind, list: unknown, link: Entity, path: readonly (string | number)[]) => {
    if (!Array.isArray(list)) return;
    for (const [index, item] of list.entries()) if (isRecord(item)) add(kind, item, link, [...path, kind, index]);
  };
  const add = (kind: Kind, given: Entity, link: Entity, path: readonly (string | number)[]) => {
    const own = Object.fromEntries(Object.entries(given).filter(([key]) => !isNested(key)));
    const shaped = withShorthands(kind, normalised(kind, own));
    const id = typeof given.id === 'string' ? given.id : derivedId(kind, shaped, link);
    const at = Math.floor(Date.now() / 1000);
    const entity = { ...fillIn(FIELDS[kind], shaped), ...link, id, created_at: at, updated_at: at };
    rows.push({ kind, entity, given: own, path });
    for (const child of KINDS) addAll(child, given[child], { [kind.slice(0, -1)]: { id } }, path);
  };
  for (const kind of KINDS) addAll(kind, document[kind], {}, []);
  return rows;
}

interface Problem {
  readonly row: Row;
  readonly error: unknown;
}

function errorsOf(rows: readonly Row[], plugins: ReadonlySet<string>): readonly Problem[] {
  const seen = new Set<string>();
  return rows.flatMap((row): readonly Problem[] => {
    const given = Object.fromEntries(Object.entries(row.given).filter(([key]) => key !== 'id'));
    const errors = check(row.kind, given, true, plugins);
    if (errors.target !== undefined && typeof given.target === 'string') {
      errors.target = `Invalid target ('${given.target}'); not a valid hostname or ip address`;
    }
    if (Object.keys(errors).length > 0) return [{ row, error: errors }];
    const key = `${row.kind}/${String(row.entity.id)}`;
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    const what =
      typeof row.entity.name === 'string'
        ? `name set to '${row.entity.name}'`
        : `primary key set to '${String(row.entity.id)}'`;
    return [{ row, error: `uniqueness violation: '${row.kind}' entity with ${what} already declared` }];
  });
}

function refuse(problems: readonly Problem[], flat: boolean): AdminAnswer {
  if (!flat) return invalid(nestedErrors(problems));
  const flattened = problems.map(({ row, error }) => ({
    entity: row.given,
    ...(typeof row.given.name === 'string' && { entity_name: row.given.name }),
    entity_type: row.kind.slice(0, -1),
    errors: isRecord(error)
      ? Object.entries(error).map(([field, message]) => ({ field, message, type: 'field' }))
      : [{ message: error, type: 'entity' }],
  }));
  const answer = invalid({});
  return { ...answer, body: { ...(isRecord(answer.body) ? answer.body : {}), flattened_errors: flattened } };
}

function nestedErrors(problems: readonly Problem[]): Entity {
  const root: Entity = {};
  for (const { row, error } of problems) {
    let at: Entity | unknown[] = root;
    row.path.forEach((part, depth) => {
      const isLast = depth === row.path.length - 1;
      const value: Entity | unknown[] = isLast && isRecord(error) ? { ...error } : typeof part === 'string' ? [] : {};
      const next = isLast ? (isRecord(error) ? value : error) : value;
      if (Array.isArray(at)) {
        while (at.length < Number(part)) at.push(null);
        at[Number(part)] ??= next;
      } else at[String(part)] ??= next;
      const inner: unknown = Array.isArray(at) ? at[Number(part)] : at[String(part)];
      if (isRecord(inner) || Array.isArray(inner)) at = inner;
    });
  }
  return root;
}

function invalid(fields: Entity): AdminAnswer {
  const message = `declarative config is invalid: ${luaList(fields)}`;
  return { status: 400, body: { code: 14, name: 'invalid declarative configuration', message, fields } };
}

/** Lua tables, with `[n]=` for lists that start with a hole. */
function luaList(value: unknown): string {
  if (Array.isArray(value)) {
    const parts = value.flatMap((item, at) =>
      item === null ? [] : [value.includes(null) ? `[${at + 1}]=${luaList(item)}` : luaList(item)],
    );
    return `{${parts.join(',')}}`;
  }
  if (!isRecord(value)) return luaText(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${key}=${luaList(value[key])}`)
    .join(',')}}`;
}

function parseText(text: string): unknown {
  try {
    const value: unknown = parse(text);
    return value ?? {};
  } catch {
    return '1:3: did not find expected node content';
  }
}

function isNested(key: string): boolean {
  return KINDS.some((kind) => kind === key);
}

function flatReferences(entity: Entity): Entity {
  return Object.fromEntries(
    Object.entries(entity).map(([key, value]) => [
      key,
      isRecord(value) && Object.keys(value).join() === 'id' ? value.id : value,
    ]),
  );
}

function derivedId(kind: Kind, entity: Entity, link: Entity): string {
  const parent = Object.values(link)
    .map((value) => (isRecord(value) ? String(value.id) : ''))
    .join();
  const key = typeof entity.name === 'string' ? entity.name : `${String(entity.target ?? '')}:${parent}`;
  return uuid5(uuid5(ENTITY_NAMESPACE, kind), key);
}

function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.subarray(0, 16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
