#!/usr/bin/env node
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { setFlagsFromString } from 'node:v8';
import { EXIT } from './cli/exit-code.ts';
import { runProgram } from './cli/program.ts';

const KILL_AFTER_MS = 4_800;

const ending = new AbortController();
// Every request listens for the end: thousands at once are no leak.
setMaxListeners(0, ending.signal);
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => end(name));
process.stdout.on('error', () => process.exit(EXIT.ok));

const code = await runProgram({
  argv: process.argv,
  env: process.env,
  signal: ending.signal,
  readFile: (path) => readFile(path, 'utf8'),
  stdout: process.stdout,
  stderr: process.stderr,
  ask: process.stdin.isTTY ? ask : undefined,
  // V8 lets garbage grow to half a gigabyte otherwise.
  saveMemory: () => setFlagsFromString('--optimize-for-size'),
  onSignal: (name, react) => process.on(name, react),
});

// All is written before the end; without it Node would wait for V8 to compile what will not run any more.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));

/** A second signal, or an end that takes too long, ends the program at once: Kong is right as it is at any point. */
function end(name: 'SIGTERM' | 'SIGINT'): void {
  ending.abort(new Error(`ended by ${name}`));
  process.once(name, () => process.exit(EXIT.error));
  setTimeout(() => process.exit(EXIT.error), KILL_AFTER_MS).unref();
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question, { signal: ending.signal });
  } finally {
    terminal.close();
  }
}
