import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';

const request = z.object({
  method: z.string(),
  path: z.string(),
  body: z.unknown().optional(),
  raw: z.string().optional(),
  contentType: z.string().optional(),
});
const cases = z.array(
  z.object({
    name: z.string(),
    request,
    pick: z.array(z.string()).optional(),
    capture: z.string().optional(),
    waitMs: z.number().optional(),
  }),
);
const recordings = z.array(
  z.object({ name: z.string(), status: z.number(), headers: z.record(z.string(), z.string()), body: z.unknown() }),
);

const root = z.object({ configuration: z.object({ database: z.string() }) });

export type Case = z.infer<typeof cases>[number];
export type Recording = z.infer<typeof recordings>[number];

const TOLD_HEADERS = ['allow', 'retry-after', 'deprecation'];
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

export async function readCases(name: string): Promise<readonly Case[]> {
  return cases.parse(JSON.parse(await readFile(new URL(name, import.meta.url), 'utf8')));
}

export async function readRecordings(name: string): Promise<ReadonlyMap<string, Recording>> {
  const list = recordings.parse(JSON.parse(await readFile(new URL(name, import.meta.url), 'utf8')));
  return new Map(list.map((recording) => [recording.name, { ...recording, body: comparable(recording.body) }]));
}

/** Keys in order, so that two recordings differ in what was answered alone. */
export async function writeRecordings(
  name: string,
  list: readonly (Recording & Pick<Case, 'request'>)[],
): Promise<void> {
  const ordered = list.map(({ name: title, request: { method, path, ...rest }, status, headers, body }) => ({
    name: title,
    request: { method, path, ...rest },
    status,
    headers,
    body: sorted(body),
  }));
  await writeFile(new URL(name, import.meta.url), `${JSON.stringify(ordered, null, 1)}\n`);
}

/** What a Kong says about its database: `off` when it has none. */
export async function databaseOf(adminUrl: string): Promise<string> {
  const answer = await fetch(adminUrl);
  return root.parse(await answer.json()).configuration.database;
}

/** Sends one case and gives back what a recording of it would hold. */
export class Replay {
  readonly #url: string;
  readonly #captured = new Map<string, string>();
  readonly #waits: boolean;

  /** `waits`: keep the pauses that a real Kong needs. */
  constructor(url: string, waits: boolean) {
    this.#url = url;
    this.#waits = waits;
  }

  async send(step: Case): Promise<Recording> {
    if (this.#waits && step.waitMs !== undefined) await wait(step.waitMs);
    const { method, body, raw, contentType = 'application/json' } = step.request;
    const path = step.request.path.replace(/\{\{(\w+)\}\}/g, (_, name: string) => this.#captured.get(name) ?? '');
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await fetch(this.#url + path, {
      method,
      ...(payload !== undefined && { body: payload, headers: { 'content-type': contentType } }),
    });
    const text = await answer.text();
    const value = textOrJson(text);
    if (step.capture !== undefined) this.#captured.set(step.capture, idIn(value));
    const headers = Object.fromEntries(
      TOLD_HEADERS.flatMap((name) => (answer.headers.has(name) ? [[name, answer.headers.get(name) ?? '']] : [])),
    );
    const picked =
      step.pick === undefined
        ? value
        : Object.fromEntries(step.pick.map((key) => [key, valueAt(value, key.split('.'))]));
    return { name: step.name, status: answer.status, headers, body: comparable(mask(picked, '')) };
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** JSON where it is. */
function textOrJson(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What changes from run to run, taken out, as the recordings have it. */
function mask(value: unknown, key: string): unknown {
  if (/^(created_at|updated_at)$/.test(key) && typeof value === 'number') return '<time>';
  if (/^(offset|request_id|configuration_hash|hostname|pid)$/.test(key) && value !== null) return `<${key}>`;
  if (typeof value === 'string') return value.replace(UUID, '<uuid>').replace(/offset=[^&]+/g, 'offset=<offset>');
  if (Array.isArray(value)) return value.map((item) => mask(item, ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mask(inner, name)]));
}

/** JSON's view of it, and the YAML of `GET /config` by its content: its keys stand in the order of a Lua table. */
function comparable(value: unknown): unknown {
  const plain: unknown = JSON.parse(JSON.stringify(value ?? null));
  if (typeof plain !== 'object' || plain === null || !('config' in plain) || typeof plain.config !== 'string')
    return plain;
  return { ...plain, config: mask(parse(plain.config), '') };
}

function idIn(value: unknown): string {
  const own = valueAt(value, ['id']);
  return String(own ?? valueAt(value, ['data', '0', 'id']));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  return at;
}
