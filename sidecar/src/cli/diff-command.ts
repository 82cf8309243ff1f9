import type { OnceResult } from '../reconcile/reconcile-once.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { runOnce } from './once.ts';
import { countChanges, planText } from './plan-text.ts';
import { exitCodeOf, resultJson } from './reconcile-command.ts';
import { type OutputFormat, render } from './render.ts';
import type { CommandIo } from './session.ts';

/** `diff`: what `reconcile` would write; exit 2 when there is something. */
export async function diffCommand(
  io: CommandIo,
  flags: { readonly only: readonly string[]; readonly output: OutputFormat },
): Promise<ExitCode> {
  const result = await runOnce(io, { dryRun: true, force: false, only: flags.only });
  io.print(
    render(flags.output, resultJson(result), () => `${planText(result, io.terminal.colour)}${documentText(result)}`),
  );
  const code = exitCodeOf(result);
  if (code === EXIT.error) return code;
  const { add, change, remove } = countChanges(result.reports);
  return add + change + remove > 0 || result.documentDiffers ? EXIT.differences : EXIT.ok;
}

function documentText({ documentDiffers }: OnceResult): string {
  return documentDiffers ? 'The declarative file is not what Kong holds: it would be loaded.\n' : '';
}
