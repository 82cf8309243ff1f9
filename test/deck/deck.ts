import { spawn, spawnSync } from 'node:child_process';
import { stringify } from 'yaml';

export interface DeckResult {
  readonly code: number | null;
  readonly output: string;
  /** What the summary counts. */
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
}

/** `DECK_BIN`, else the one on the PATH; undefined when there is none. */
export function findDeck(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const bin = env.DECK_BIN ?? 'deck';
  const isThere = spawnSync(bin, ['version'], { stdio: 'ignore' }).status === 0;
  if (!isThere && env.DECK_BIN !== undefined) throw new Error(`DECK_BIN=${bin} is no decK`);
  return isThere ? bin : undefined;
}

/** Runs decK's `diff`, `sync` or `dump`; a state goes in by stdin. */
export async function deck(
  bin: string,
  adminUrl: string,
  command: 'diff' | 'sync' | 'dump',
  { state, selectTag }: { readonly state?: unknown; readonly selectTag?: string } = {},
): Promise<DeckResult> {
  const file = command === 'dump' ? ['-o', '-'] : ['-s', '-'];
  const tags = selectTag === undefined ? [] : ['--select-tag', selectTag];
  const args = [command, '--kong-addr', adminUrl, ...file, ...tags, '--no-color'];
  const child = spawn(bin, args, { env: { ...process.env, DECK_ANALYTICS: 'off' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  child.stdin.end(typeof state === 'string' ? state : stringify(state ?? {}));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const count = (what: string) => Number(new RegExp(`${what}: (\\d+)`).exec(output)?.[1] ?? Number.NaN);
  return { code, output, created: count('Created'), updated: count('Updated'), deleted: count('Deleted') };
}
