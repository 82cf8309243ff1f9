import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type EntryFields, entry } from '../scripted-consul/catalog.ts';
import type { ScriptedConsul } from '../scripted-consul/scripted-consul.ts';

const instances = z.record(z.string(), z.array(z.custom<EntryFields>()));

/** Gives Consul what `consul.yml` has: service to instances. */
export function fill(consul: ScriptedConsul, text: string): void {
  for (const [service, list] of Object.entries(instances.parse(parse(text)))) {
    consul.set(
      service,
      list.map((fields) => entry({ service, ...fields })),
    );
  }
}

/** A file of the folder; empty when it is not there. */
export async function read(folder: string, name: string): Promise<string> {
  return await readFile(path.join(folder, name), 'utf8').catch(() => '');
}

/** What came out must be what the folder has; with UPDATE_GOLDEN=1 it is put there, to be reviewed as a diff. */
export async function compare(folder: string, name: string, actual: string): Promise<void> {
  if (process.env.UPDATE_GOLDEN === '1') {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, name), actual);
  }
  expect(actual).toBe(await read(folder, name));
}
