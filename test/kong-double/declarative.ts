import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { refusalOf, refused } from './declarative-errors.ts';
import { flatten } from './declarative-rows.ts';
import { type AdminAnswer, NOT_ALLOWED } from './errors.ts';
import type { Node } from './node.ts';
import { isSince, SINCE } from './release.ts';
import type { AdminRequest } from './request.ts';
import { type Entity, isRecord } from './schema.ts';
import { KINDS } from './tables.ts';
import { yamlText } from './yaml-text.ts';

const NO_CONFIG_ENDPOINT = 'this endpoint is only available when Kong is configured to not use a database';
/** Kong's own, of all that has not got a configuration yet. */
const EMPTY_HASH = '0'.repeat(32);

/** `/config` (`kong/api/routes/config.lua`) of a Kong without a database, and what was loaded last. */
export class Declarative {
  readonly #node: Node;
  readonly #loadMs: number;
  #hash = EMPTY_HASH;
  #opaque: ReadonlyMap<string, readonly Entity[]> = new Map();
  #busyUntilMs = 0;

  constructor(node: Node, loadMs: number) {
    this.#node = node;
    this.#loadMs = loadMs;
  }

  get hash(): string {
    return this.#hash;
  }

  /** Of a kind that is only kept. */
  opaque(kind: string): readonly Entity[] {
    return this.#opaque.get(kind) ?? [];
  }

  answer(request: AdminRequest): AdminAnswer {
    if (this.#node.database !== 'off') return { status: 400, body: { message: NO_CONFIG_ENDPOINT } };
    if (request.method === 'GET') return { status: 200, body: { config: this.#export() } };
    return request.method === 'POST' ? this.#load(request) : NOT_ALLOWED;
  }

  /** The hash is of the text, so that a JSON document is never compared (recorded). */
  #load(request: AdminRequest): AdminAnswer {
    const isDocument = request.body?._format_version !== undefined;
    const text = request.body?.config;
    if (!isDocument && typeof text !== 'string')
      return { status: 400, body: { message: 'expected a declarative configuration' } };
    const hash = md5(typeof text === 'string' ? text : request.text);
    const isSame = !isDocument && hash === this.#hash;
    if (isSame && request.query.get('check_hash') === '1') return { status: 304 };

    const document = isDocument ? request.body : parseText(String(text));
    if (!isRecord(document)) return refused({ error: `failed parsing declarative configuration: ${String(document)}` });
    const version = this.#versionError(document);
    if (version !== undefined) return refused({ _format_version: version });
    const flat = flatten(document, this.#node.schemas);
    const isFlat = ['1', 'true', 'on', 'yes'].includes(request.query.get('flatten_errors')?.toLowerCase() ?? '');
    const refusal = refusalOf(flat, this.#node.schemas, isFlat);
    if (refusal !== undefined) return refusal;

    const leftMs = this.#busyUntilMs - Date.now();
    if (leftMs > 0) return busy(leftMs);
    this.#busyUntilMs = Date.now() + this.#loadMs;
    const { tables, balancer } = this.#node;
    tables.clear();
    // Loaded at one time, targets are listed by their ids.
    const byId = flat.rows.toSorted((one, other) => (String(one.entity.id) < String(other.entity.id) ? -1 : 1));
    for (const { kind, entity } of byId) tables.put(kind, entity);
    this.#opaque = flat.opaque;
    const isEmpty = flat.rows.length === 0 && [...flat.opaque.values()].every((list) => list.length === 0);
    // `config_is_empty` of `kong/db/declarative/import.lua`: what holds no entity counts as no configuration.
    this.#hash = isEmpty && isSince(this.#node.schemas.release, SINCE.emptyHash) ? EMPTY_HASH : hash;
    balancer.reload();
    return { status: 201, body: this.#loaded(), afterMs: this.#loadMs };
  }

  /** Everything, by kind and id. */
  #loaded(): Entity {
    const byId = (list: readonly Entity[]) => Object.fromEntries(list.map((each) => [each.id, each]));
    return Object.fromEntries(this.#lists().map(([kind, list]) => [kind, byId(list)]));
  }

  /** Flat, with ids for references (`kong/db/declarative/export.lua`). */
  #export(): string {
    const format = isSince(this.#node.schemas.release, SINCE.formatVersion3) ? '3.0' : '2.1';
    const sections = this.#lists().map(([kind, list]) => yamlText({ [kind]: list.map(flatReferences) }));
    return `_format_version: '${format}'\n_transform: false\n${sections.join('')}`;
  }

  #lists(): readonly (readonly [kind: string, list: readonly Entity[]])[] {
    const lists = KINDS.map((kind) => [kind, this.#node.tables.all(kind)] as const);
    return [...lists, ...this.#opaque].filter(([, list]) => list.length > 0);
  }

  #versionError({ _format_version: version }: Entity): string | undefined {
    if (version === undefined) return 'required field missing';
    if (typeof version !== 'string') return 'expected a string';
    const known = isSince(this.#node.schemas.release, SINCE.formatVersion3) ? ['1.1', '2.1', '3.0'] : ['1.1', '2.1'];
    return known.includes(version) ? undefined : `expected one of: ${known.join(', ')}`;
  }
}

/** One at a time; `Retry-After` is at most 10. */
function busy(leftMs: number): AdminAnswer {
  return {
    status: 429,
    body: { message: 'Currently loading previous configuration' },
    headers: { 'retry-after': String(Math.min(10, Math.ceil(leftMs / 1000))) },
  };
}

/** The document, or what is wrong with it; the words of Kong's own parser are not imitated but for the recorded one. */
function parseText(text: string): unknown {
  try {
    const value: unknown = text.startsWith('{') ? JSON.parse(text) : parse(text, { maxAliasCount: -1 });
    return value ?? {};
  } catch {
    return '1:3: did not find expected node content';
  }
}

function flatReferences(entity: Entity): Entity {
  return Object.fromEntries(
    Object.entries(entity).map(([key, value]) => [
      key,
      isRecord(value) && Object.keys(value).join() === 'id' ? value.id : value,
    ]),
  );
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
