import { describeSource } from '../core/binding.ts';
import type { OnceResult } from '../reconcile/reconcile-once.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { runOnce } from './once.ts';
import { type OutputFormat, render, table } from './render.ts';
import type { CommandIo } from './session.ts';

/** `bindings`: what is bound, by which plugin or file line, to which upstream, and what is not and why. */
export async function bindingsCommand(io: CommandIo, flags: { readonly output: OutputFormat }): Promise<ExitCode> {
  const result = await runOnce(io, { dryRun: true, force: false, only: [] });
  const rows = bindingRows(result);
  io.print(render(flags.output, { bindings: rows }, () => bindingsTable(rows)));
  return rows.some((row) => row.state === 'conflict' || row.state === 'frozen') ? EXIT.error : EXIT.ok;
}

interface Row {
  readonly upstream: string;
  readonly state: 'bound' | 'conflict' | 'frozen' | 'unbound' | 'not bound';
  readonly service: string;
  readonly source: string;
  readonly reason: string;
}

function bindingRows(result: OnceResult): readonly Row[] {
  const bound = result.reports.map(
    (report): Row => ({
      upstream: report.upstream,
      state: report.binding !== undefined ? 'bound' : kindOf(report.state),
      service: report.binding?.query.service ?? '-',
      source: report.sources.map(describeSource).join(' and ') || '-',
      reason: report.binding === undefined ? (report.problem ?? '') : '',
    }),
  );
  const others = result.unbound.map(
    ({ subject, source, reason }): Row => ({
      upstream: subject,
      state: 'not bound',
      service: '-',
      source: describeSource(source),
      reason,
    }),
  );
  return [...bound, ...others];
}

function kindOf(state: string): Row['state'] {
  return state === 'conflict' || state === 'frozen' ? state : 'unbound';
}

function bindingsTable(rows: readonly Row[]): string {
  if (rows.length === 0)
    return 'Nothing is bound. Enable the plugin on a Kong Service, or add "upstreams:" to the config file.\n';
  return table(
    ['UPSTREAM', 'STATE', 'SERVICE', 'BOUND BY', 'WHY NOT'],
    rows.map(({ upstream, state, service, source, reason }) => [upstream, state, service, source, reason]),
  );
}
