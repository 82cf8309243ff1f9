import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const condition = z.enum(['service_started', 'service_healthy', 'service_completed_successfully']);
const service = z.looseObject({
  image: z.string(),
  build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
  command: z.union([z.string(), z.array(z.string())]).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition })).default({}),
});
const composeFile = z.looseObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.unknown()).default({}),
});

const lintResult = z.object({ messages: z.array(z.unknown()) });

export type ComposeService = z.infer<typeof service>;
export type ComposeFile = z.infer<typeof composeFile>;

/** Reads a Compose file below the root, merge keys resolved; variables are left as they are written. */
export function readComposeFile(name: string): ComposeFile {
  return composeFile.parse(parse(readFileSync(path.join(ROOT, name), 'utf8'), { merge: true }));
}

/** What the linter finds in a Compose file below the root, the Compose specification's schema first. */
export function lintComposeFile(name: string): unknown {
  const program = createRequire(import.meta.url)
    .resolve('dclint')
    .replace(/dist.*/, 'bin/dclint.cjs');
  const args = [program, '--config', 'test/compose/dclint.json', '--formatter', 'json', name];
  const [result] = z
    .array(lintResult)
    .parse(JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })));
  return result?.messages;
}

/** The variables of a text, each with the default that stands beside it. */
export function variablesOf(text: string): ReadonlyMap<string, string | undefined> {
  const found = [...text.matchAll(/\$\{(\w+)(?::-([^}]*))?\}/g)];
  return new Map(found.map(([, name = '', fallback]) => [name, fallback]));
}

/** The text as Compose has it when nothing is set. */
export function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
}
