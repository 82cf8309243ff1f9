import { z } from 'zod';
import { nearest, normalized } from './nearest.ts';

/** One mistake: where it is and what to do. Never has a value in it, which could be a secret. */
export interface Mistake {
  readonly path: readonly string[];
  readonly text: string;
}

type Issue = z.core.$ZodIssue;

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
  null: 'nothing',
};

/** Zod's issues as sentences, with the nearest right name for a key that does not exist. */
export function mistakesOf(error: z.ZodError, schema: z.ZodType): readonly Mistake[] {
  return error.issues.flatMap((issue) => mistakes(issue, schema));
}

/** The same, as `key: what is wrong`. */
export function describeIssues(error: z.ZodError, schema: z.ZodType): readonly string[] {
  return mistakesOf(error, schema).map(({ path, text }) => (path.length === 0 ? text : `${path.join('.')}: ${text}`));
}

function mistakes(issue: Issue, schema: z.ZodType): readonly Mistake[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, schema));
  if (issue.code === 'invalid_key') return [{ path, text: issue.issues[0]?.message ?? issue.message }];
  if (issue.code === 'invalid_union') {
    const inner = closestBranch(issue.errors);
    if (inner.length > 0)
      return inner.flatMap((one) => mistakes({ ...one, path: [...issue.path, ...one.path] }, schema));
  }
  if (issue.code === 'invalid_type') return [{ path, text: wrongKind(issue) }];
  return [{ path, text: issue.message.replace(/^Invalid (input|option|string): /, '') }];
}

/** Zod's default sentence in words of YAML; one of the schema's own stays. */
function wrongKind({ expected, message }: z.core.$ZodIssueInvalidType): string {
  const received = /received (\w+)$/.exec(message)?.[1];
  if (received === undefined) return message;
  const mend = expected === 'string' && /number|boolean/.test(received) ? ': put it in quotes' : '';
  return `expected ${KINDS[expected] ?? expected}, got ${KINDS[received] ?? received}${mend}`;
}

/** Of the shapes a value may have, the one it was meant to have: its kind is right and something in it is wrong. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const isOtherKind = (issue: Issue) => issue.code === 'invalid_type' && issue.path.length === 0;
  return branches.find((branch) => !branch.some(isOtherKind)) ?? branches[0] ?? [];
}

function unknownKey(path: readonly string[], key: string, schema: z.ZodType): Mistake {
  const level = levelAt(schema, path);
  const meant = nearest(key, [...level.keys()]) ?? deeperKey(level, key);
  return { path: [...path, key], text: `unknown key${meant === undefined ? '' : `, did you mean "${meant}"?`}` };
}

type Level = ReadonlyMap<string, z.ZodType | undefined>;

function levelAt(schema: z.ZodType, path: readonly string[]): Level {
  let at: z.ZodType | undefined = unwrap(schema);
  for (const key of path) at = at instanceof z.ZodRecord ? unwrap(at.valueType) : levelOf(at).get(key);
  return levelOf(at);
}

function levelOf(schema: z.ZodType | undefined): Level {
  if (!(schema instanceof z.ZodObject)) return new Map();
  return new Map(Object.entries(schema.shape).map(([key, inner]) => [key, unwrap(inner)]));
}

/** A right name that is in the wrong place. */
function deeperKey(level: Level, key: string): string | undefined {
  for (const [name, schema] of level) {
    const below = levelOf(schema);
    const same = [...below.keys()].find((candidate) => normalized(candidate) === normalized(key));
    const found = same ?? deeperKey(below, key);
    if (found !== undefined) return `${name}.${found}`;
  }
  return undefined;
}

function unwrap(schema: unknown): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrap(schema.unwrap());
  if (schema instanceof z.ZodUnion) return unwrap(schema.options[0]);
  return schema instanceof z.ZodType ? schema : undefined;
}
