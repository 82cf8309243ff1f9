import { setMaxListeners } from 'node:events';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { stringify } from 'yaml';
import type { ExitCode } from '../../sidecar/src/cli/exit-code.ts';
import type { CommandIo } from '../../sidecar/src/cli/session.ts';
import { loadConfig } from '../../sidecar/src/config/load.ts';

export interface CommandResult {
  readonly code: ExitCode;
  readonly stdout: string;
  /** All log lines. */
  readonly log: string;
}

/**
 * Runs one command in this process: the same code as the built program, without the start of a Node for each. One that
 * stays ends with the signal.
 */
export async function runCommand(
  config: Readonly<Record<string, unknown>>,
  command: (io: CommandIo) => Promise<ExitCode>,
  { signal } = new AbortController(),
): Promise<CommandResult> {
  const path = 'kong-consul.yml';
  const load = () => loadConfig({ flags: { config: path }, env: {}, readFile: async () => stringify(config) });
  const lines = new PassThrough();
  setMaxListeners(0, signal);
  let stdout = '';
  const code = await command({
    config: await load(),
    reloadConfig: load,
    log: pino({ level: 'info' }, lines),
    signal,
    print: (text) => {
      stdout += text;
    },
    ask: undefined,
    terminal: { columns: Number.POSITIVE_INFINITY, rows: 40, isTerminal: false, colour: false },
  });
  return { code, stdout, log: String(lines.read() ?? '') };
}
