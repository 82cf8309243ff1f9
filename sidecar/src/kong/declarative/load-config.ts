import { createHash } from 'node:crypto';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { KongClient } from '../client.ts';
import { parse } from '../entities.ts';
import { KongStatusError, KongUnreachableError } from '../errors.ts';
import { isUntold, parseRefusal, type Refusal } from './refusal.ts';

/** nginx' limit on a body of the Admin API, unless `nginx_admin_client_max_body_size` says otherwise. */
export const BODY_LIMIT_BYTES = 10 * 1024 * 1024;
/** Loading and exporting thousands of entities takes Kong longer than any other answer. */
const PATIENCE_MS = 120_000;
/**
 * What a Kong without a database reports that has got no configuration yet, and from 3.2 on also one that was given a
 * document without a single entity (`config_is_empty` of `kong/db/declarative/import.lua`).
 */
export const EMPTY_HASH = '0'.repeat(32);

const CHECKED = { check_hash: '1' } as const;
/** Seen on 3.9.1: a plugin whose Service is not there. Tried again it is the same. */
const STUMBLED = 'Kong answers 500: it may be a plugin on a Service, Route or Consumer that is not there';

const status = z.object({ configuration_hash: z.string() });
const exported = z.object({ config: z.string() });

/** Why Kong refused a document; undefined when it holds it now. */
export type LoadOutcome = Refusal | undefined;

/** Whether this is the hash that Kong reports when it holds the text. */
export function isHashOf(text: string, hash: string | undefined): boolean {
  return hash === createHash('md5').update(text).digest('hex') || (hash === EMPTY_HASH && hasNoEntity(text));
}

/** Keys with an underscore are about the document itself. */
function hasNoEntity(text: string): boolean {
  const document: unknown = parseYaml(text, { maxAliasCount: -1, logLevel: 'error' });
  const entities = typeof document === 'object' && document !== null ? Object.entries(document) : [];
  return entities.every(([key, list]) => key.startsWith('_') || Object.keys(list ?? {}).length === 0);
}

/** `configuration_hash` of what Kong holds. */
export async function readHash(client: KongClient, signal: AbortSignal): Promise<string> {
  const answer = await client.request({ method: 'GET', path: '/status' }, signal);
  return parse(status, answer.body, 'GET /status').configuration_hash;
}

/** All that Kong holds, as text; for large ones this takes Kong seconds in which it does nothing else. */
export async function exportConfig(client: KongClient, signal: AbortSignal): Promise<string> {
  const answer = await client.request({ method: 'GET', path: '/config', patienceMs: PATIENCE_MS }, signal);
  return parse(exported, answer.body, 'GET /config').config;
}

/**
 * Has Kong load a whole document, and tells whether it did. It is sent as text, for only a text is compared with what is
 * loaded (`check_hash`): 304 is as good as 201. Kong loads one at a time: 429 with `Retry-After` is waited for by the client.
 * @throws KongStatusError 413 in words when the document is too large for the Admin API
 */
export async function loadConfig(
  client: KongClient,
  { text, isOvertaken }: { readonly text: string; readonly isOvertaken: () => boolean },
  signal: AbortSignal,
): Promise<LoadOutcome> {
  const request = {
    method: 'POST',
    path: '/config',
    body: { config: text },
    unmetered: true,
    patienceMs: PATIENCE_MS,
    accept: [304, 400],
    isOvertaken,
  } as const;
  const shown = (words: string) => client.shown(words);
  try {
    const flat = await client.request({ ...request, query: { ...CHECKED, flatten_errors: '1' } }, signal);
    if (flat.status !== 400) return undefined;
    const refusal = parseRefusal(flat.body, shown);
    if (!isUntold(refusal)) return refusal;
    const nested = await client.request({ ...request, query: CHECKED }, signal);
    return nested.status === 400 ? parseRefusal(nested.body, shown) : undefined;
  } catch (error) {
    if (error instanceof KongStatusError && error.status === 500) return { message: STUMBLED, entities: [] };
    const bytes = Buffer.byteLength(JSON.stringify(request.body));
    throw isTooLarge(error, bytes) ? tooLarge(error, bytes) : error;
  }
}

/** nginx may close the connection before the whole body was sent, so that its 413 is never seen. */
function isTooLarge(error: unknown, bytes: number): boolean {
  if (error instanceof KongStatusError) return error.status === 413;
  return error instanceof KongUnreachableError && bytes > BODY_LIMIT_BYTES;
}

function tooLarge(error: unknown, bytes: number): KongStatusError {
  const size = sizeOf(bytes);
  const isKongs = error instanceof KongStatusError && error.kongMessage.includes('lmdb_map_size');
  const words = isKongs
    ? error.kongMessage
    : 'more than its Admin API takes in one body: raise nginx_admin_client_max_body_size (10m by default) in kong.conf';
  return new KongStatusError('POST /config', 413, `the whole configuration has ${size}: ${words}`, undefined);
}

/** As one would say it: a limit may be far lower than Kong's own. */
function sizeOf(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
