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

const upstream = z.looseObject({ id: z.string(), name: z.string(), tags });
const target = z.object({ id: z.string(), target: z.string(), weight: z.number().int(), tags });
const page = z.object({
  data: z.union([z.array(z.unknown()), z.object({}).transform(() => [])]),
  offset: z.string().or(z.number()).nullish(),
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

export function parsePage(answer: KongAnswer): Page {
  const { data, offset } = parse(page, answer.body, 'a list');
  return { data, offset: offset === null || offset === undefined ? undefined : String(offset) };
}

/** Parses what Kong said, once. @throws NotKongError naming the first field that is wrong */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new NotKongError(what, 'the Admin API', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unexpected'}`);
}
