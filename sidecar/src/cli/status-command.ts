import type { UpstreamReport } from '../reconcile/report.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { runOnce } from './once.ts';
import { exitCodeOf, resultJson } from './reconcile-command.ts';
import { type OutputFormat, render, table } from './render.ts';
import type { CommandIo } from './session.ts';

/** `status`: one line an upstream; exit 0 in sync, 2 not. */
export async function statusCommand(io: CommandIo, flags: { readonly output: OutputFormat }): Promise<ExitCode> {
  const result = await runOnce(io, { dryRun: true, force: false, only: [] });
  io.print(render(flags.output, resultJson(result), () => statusTable(result.reports)));
  if (exitCodeOf(result) === EXIT.error) return EXIT.error;
  return result.reports.every((report) => report.state === 'in_sync') ? EXIT.ok : EXIT.differences;
}

/** One line an upstream. */
export function statusTable(reports: readonly UpstreamReport[]): string {
  if (reports.length === 0)
    return 'No upstreams: nothing is bound. Enable the plugin on a Kong Service, or add "upstreams:" to the config file.\n';
  const rows = reports.map((report) => [
    report.upstream,
    report.state,
    report.binding?.query.service ?? '-',
    report.counts === undefined ? '-' : `${report.counts.healthy}/${report.counts.registered}`,
    String(report.targets),
    remark(report),
  ]);
  return table(['UPSTREAM', 'STATE', 'SERVICE', 'HEALTHY', 'TARGETS', 'REMARK'], rows);
}

function remark(report: UpstreamReport): string {
  if (report.hold !== undefined) return report.hold.why;
  if (report.problem !== undefined) return report.problem;
  const pending = report.plan?.changes.length ?? 0;
  if (pending > 0) return `${pending} changes to be written`;
  if (report.counts?.registered === 0) return 'Consul knows no instance: the upstream is empty';
  return report.notes[0] ?? '';
}
