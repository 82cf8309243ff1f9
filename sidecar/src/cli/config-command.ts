import { effectiveConfig } from '../config/effective-config.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type OutputFormat, render, table } from './render.ts';
import type { CommandIo } from './session.ts';

/** `config`: every option as it is in use, with where it came from and secrets masked. */
export function configCommand(io: CommandIo, flags: { readonly output: OutputFormat }): Promise<ExitCode> {
  const options = effectiveConfig(io.config);
  const rows = options.map(({ key, value, origin }) => [key, origin, value === null ? '-' : JSON.stringify(value)]);
  io.print(render(flags.output, { options }, () => table(['KEY', 'FROM', 'VALUE'], rows)));
  return Promise.resolve(EXIT.ok);
}
