import { z } from 'zod';
import type { JsonObject } from '../core/binding.ts';
import type { CurrentTarget } from '../core/state.ts';
import type { KongAnswer } from './client.ts';
import { NotKongError } from './errors.ts';

const tags = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

const json: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** Kong's ids are UUIDs; they become parts of paths, so nothing else may pass for one. */
export const entityId = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'expected a UUID');

const upstream = z.looseObject({ id: entityId, name: z.string(), tags });
const target = z.object({ id: entityId, target: z.string(), weight: z.number().int(), tags });
const page = z.object({
  data: z.union([z.array(z.unknown()), z.strictObject({}).transform(() => [])]),
  offset: z.string().or(z.number()).nullish(),
  next: z.string().nullish(),
});

/** An upstream without its targets. */
export interface UpstreamRecord {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly settings: JsonObject;
}

/** One page of any list; Kong before 3.4 gives `{}` for an empty list. */
export interface Page {
  readonly data: readonly unknown[];
  readonly offset: string | undefined;
}

export function parseUpstream(value: unknown): UpstreamRecord {
  const { id, name, tags: ownTags } = parse(upstream, value, 'an upstream');
  return { id, name, tags: ownTags, settings: parse(json, value, 'an upstream') };
}

export function parseTarget(value: unknown): CurrentTarget {
  return parse(target, value, 'a target');
}

/**
 * Where the next page starts is in `offset`, and again in `next`, which not all give in one form: a path with or without
 * the workspace or base path before it, a whole URL, null, or nothing. So `next` is only read where `offset` is missing.
 */
export function parsePage(answer: KongAnswer): Page {
  const { data, offset, next } = parse(page, answer.body, 'a list');
  const given = offset ?? new URLSearchParams((next ?? '').split('?')[1]).get('offset') ?? '';
  return { data, offset: given === '' ? undefined : String(given) };
}

/** Any object, as it came. */
export function parseObject(value: unknown): JsonObject {
  return parse(json, value, 'an object');
}

/** Parses what Kong said, once. @throws NotKongError naming the first field that is wrong */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = safeParse(schema, value, what);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new NotKongError(what, 'the Admin API', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unexpected'}`);
}

/** A value nested deeper than the stack reaches is none of Kong's. */
function safeParse<T>(schema: z.ZodType<T>, value: unknown, what: string): z.ZodSafeParseResult<T> {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new NotKongError(what, 'the Admin API', 'it is nested too deeply');
  }
}
