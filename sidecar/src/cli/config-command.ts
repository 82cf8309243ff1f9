import { effectiveConfig } from '../config/effective-config.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { painter } from './paint.ts';
import { type OutputFormat, render, table } from './render.ts';
import type { CommandIo } from './session.ts';

/** `config`: every option as it is in use, with the flag, variable or line that it came from; secrets are masked. */
export function configCommand(io: CommandIo, flags: { readonly output: OutputFormat }): Promise<ExitCode> {
  const options = effectiveConfig(io.config);
  const rows = options.map(({ key, value, place }) => [
    key,
    place ?? 'default',
    value === null ? '-' : JSON.stringify(value),
  ]);
  const paint = painter(io.terminal.colour);
  // What somebody set stands out.
  const colourOf = (at: number) => (options[at - 1]?.origin === 'default' || at === 0 ? 'quiet' : 'strong');
  io.print(
    render(flags.output, { options }, () =>
      table(['KEY', 'FROM', 'VALUE'], rows)
        .split('\n')
        .map((line, at) => paint(colourOf(at), line))
        .join('\n'),
    ),
  );
  return Promise.resolve(EXIT.ok);
}
