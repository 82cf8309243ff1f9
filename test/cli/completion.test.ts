import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { optionsTable } from '../../sidecar/src/config/options-table.ts';
import { runCli } from '../integration/cli.ts';

const run = promisify(execFile);
let folder: string;
let bash: string;
let commands: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  const { stdout: help } = await runCli(['--help']);
  commands = [...help.matchAll(/^ {2}([a-z]+) \[options\]|^ {2}(completion)/gm)].map(
    ([, name, other]) => name ?? other ?? '',
  );
  bash = path.join(folder, 'completion.bash');
  await writeFile(bash, (await runCli(['completion', 'bash'])).stdout);
});

afterAll(() => rm(folder, { recursive: true }));

/** What bash offers for the last word of a command line. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kong_consul 2>&1; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '-c', script, bash, 'kong-consul', ...words]);
  // Outside of a completion bash says that compopt has nothing to set.
  return stdout.split('\n').filter((line) => line !== '' && !line.includes('compopt'));
}

describe('bash completes', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['commands', ['re'], ['reconcile']],
    ['options of a command', ['status', '--wa'], ['--watch']],
    ['no option of another command', ['status', '--dry'], []],
    ['the formats', ['status', '-o', ''], ['table', 'json', 'yaml']],
    ['what an option may be', ['run', '--kong-policy', 'u'], ['upsert_only']],
    ['yes or no', ['run', '--leader-election', ''], ['true', 'false']],
    ['nothing where nobody can guess', ['run', '--owner', ''], []],
    ['after a value', ['run', '--owner', 'me', '--dry'], ['--dry-run']],
    ['shells', ['completion', 'z'], ['zsh']],
  ])('%s', async (_, words, expected) => {
    expect([...(await offered(...words))].sort()).toEqual([...expected].sort());
  });

  test('every command that there is', async () => {
    expect(commands).toContain('explain');
    expect([...(await offered(''))].sort()).toEqual([...commands, '-V', '--version', '-h', '--help'].sort());
  });

  test('files', async () => {
    expect(await offered('run', '--config', `${folder}/compl`)).toEqual([bash]);
  });
});

test.each(['bash', 'zsh', 'fish'])('%s is told every command and every option', async (shell) => {
  const { code, stdout } = await runCli(['completion', shell]);
  expect(code).toBe(0);
  for (const name of commands) expect(stdout).toContain(name);
  for (const { flag } of optionsTable) {
    const name = flag?.split(' ')[0] ?? '';
    expect(stdout).toContain(shell === 'fish' ? `-l ${name.slice(2)} ` : name);
  }
});

test('an unknown shell is refused by name', async () => {
  const { code, stderr } = await runCli(['completion', 'tcsh']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('bash, zsh, fish')]);
});
