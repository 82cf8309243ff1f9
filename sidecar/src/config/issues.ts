import { z } from 'zod';
import { nearest } from './nearest.ts';

/** One mistake: where it is and what to do. */
export interface Mistake {
  readonly path: readonly string[];
  readonly text: string;
}

/** Zod's issues as sentences, with the nearest right name for a key that does not exist. */
export function mistakesOf(error: z.ZodError, schema: z.ZodType): readonly Mistake[] {
  return error.issues.flatMap((issue): readonly Mistake[] => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [{ path, text: issue.message.replace(/^Invalid input: /, '') }];
    const known = keysAt(schema, path);
    return issue.keys.map((key) => {
      const meant = nearest(key, known);
      return { path: [...path, key], text: `unknown key${meant === undefined ? '' : `, did you mean "${meant}"?`}` };
    });
  });
}

/** The same, as `key: what is wrong`. */
export function describeIssues(error: z.ZodError, schema: z.ZodType): readonly string[] {
  return mistakesOf(error, schema).map(({ path, text }) => (path.length === 0 ? text : `${path.join('.')}: ${text}`));
}

function keysAt(schema: z.ZodType, path: readonly string[]): readonly string[] {
  let at: z.ZodType | undefined = unwrap(schema);
  for (const key of path) at = child(at, key);
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function child(schema: z.ZodType | undefined, key: string): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return unwrap(schema.shape[key]);
  if (schema instanceof z.ZodRecord) return unwrap(schema.valueType);
  return undefined;
}

function unwrap(schema: unknown): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrap(schema.unwrap());
  if (schema instanceof z.ZodUnion) return unwrap(schema.options[0]);
  return schema instanceof z.ZodType ? schema : undefined;
}
