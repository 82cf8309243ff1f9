import { describeSource, type ServiceQuery } from '../core/binding.ts';
import { describeChange } from '../core/describe.ts';
import { explainVerdict } from '../core/explain.ts';
import { readTargetHealth } from '../kong/target-health.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { reportJson } from '../serve/report-json.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { runOnce } from './once.ts';
import { type OutputFormat, render, table } from './render.ts';
import { type CommandIo, createKong } from './session.ts';

interface Explained {
  readonly report: UpstreamReport;
  /** By target; a sentence when Kong could not be asked. */
  readonly health: ReadonlyMap<string, string> | string;
}

/** `explain NAME`: a Consul service, an upstream, an instance or `host:port`, and every rule on its way to traffic. */
export async function explainCommand(
  io: CommandIo,
  name: string,
  flags: { readonly output: OutputFormat },
): Promise<ExitCode> {
  const result = await runOnce(io, { dryRun: true, force: false, only: [] });
  const reports = result.reports.filter((report) => isAbout(report, name));
  const unbound = result.unbound.filter(({ subject, reason }) => subject.endsWith(` ${name}`) || reason.includes(name));
  if (reports.length === 0 && unbound.length === 0) {
    io.print(
      `Nothing here is named ${name}: no upstream, no bound Consul service, no instance, no target. See "kong-consul bindings".\n`,
    );
    return EXIT.error;
  }
  const explained = await Promise.all(reports.map((report) => withHealth(report, io)));
  const value = {
    upstreams: explained.map(explainedJson),
    unbound: unbound.map(({ subject, reason }) => ({ subject, reason })),
  };
  io.print(
    render(flags.output, value, () =>
      [
        ...explained.map(explainText),
        ...unbound.map(({ subject, reason }) => `${subject} is not bound: ${reason}\n`),
      ].join('\n'),
    ),
  );
  return EXIT.ok;
}

function isAbout(report: UpstreamReport, name: string): boolean {
  if (report.upstream === name || report.binding?.query.service === name) return true;
  return report.verdicts.some(
    ({ instance, target }) => target === name || instance === name || instance.endsWith(`/${name}`),
  );
}

async function withHealth(report: UpstreamReport, io: CommandIo): Promise<Explained> {
  const kong = createKong(io.config);
  try {
    return { report, health: await readTargetHealth(kong, report.upstream, io.signal) };
  } catch (error) {
    io.signal.throwIfAborted();
    return { report, health: error instanceof Error ? error.message : 'unknown error' };
  } finally {
    kong.close();
  }
}

function explainedJson({ report, health }: Explained) {
  const told = typeof health === 'string' ? { kong_health: null } : { kong_health: Object.fromEntries(health) };
  const verdicts = report.verdicts.map((verdict) => ({ ...verdict, rule: explainVerdict(verdict) }));
  return { ...reportJson(report), ...told, verdicts };
}

function explainText({ report, health }: Explained): string {
  const { binding, counts, hold } = report;
  const changes = report.plan?.changes ?? [];
  const facts = [
    ['bound by', report.sources.map(describeSource).join(' and ') || 'nothing'],
    ['Consul', binding === undefined ? '-' : describeQuery(binding.query)],
    [
      'answer',
      report.lastAnswerMs === undefined
        ? 'none that can be trusted'
        : `trusted, at ${new Date(report.lastAnswerMs).toISOString()}`,
    ],
    ...(counts === undefined
      ? []
      : [
          [
            'instances',
            `${counts.registered} registered, ${counts.healthy} healthy, ${counts.maintenance} in maintenance`,
          ],
        ]),
    ['in Kong', `${report.targets} targets`],
    ...(report.problem === undefined ? [] : [['problem', report.problem]]),
    ...(hold === undefined
      ? []
      : [
          ['held', `${hold.why}${hold.untilMs === undefined ? '' : `, until ${new Date(hold.untilMs).toISOString()}`}`],
        ]),
    ...report.notes.map((note) => ['note', note]),
    ['next run', changes.length === 0 ? 'would write nothing' : changes.map(describeChange).join('; ')],
  ];
  const lines = facts.map(([name = '', text = '']) => `  ${name.padEnd(10)} ${text}\n`).join('');
  return `${report.upstream} (${report.state})\n${lines}${instanceTable(report, health)}`;
}

function instanceTable(report: UpstreamReport, health: Explained['health']): string {
  if (report.verdicts.length === 0) return '';
  const rows = report.verdicts.map((verdict) => [
    `  ${verdict.instance}`,
    verdict.target ?? '-',
    verdict.skipped === undefined ? String(verdict.weight) : '-',
    typeof health === 'string' || verdict.target === undefined ? '-' : (health.get(verdict.target) ?? 'not in Kong'),
    verdict.causes.length === 0 ? 'all passing' : verdict.causes.join(', '),
    explainVerdict(verdict),
  ]);
  return `\n${table(['  INSTANCE', 'TARGET', 'WEIGHT', 'KONG SAYS', 'CHECKS', 'RULE'], rows)}`;
}

function describeQuery({ service, tags, filter, datacenter, namespace, partition }: ServiceQuery): string {
  const parts = [
    `service ${service}`,
    ...(tags.length === 0 ? [] : [`tags ${tags.join(', ')}`]),
    ...(filter === undefined ? [] : [`filter ${filter}`]),
    ...(datacenter === undefined ? [] : [`datacenter ${datacenter}`]),
    ...(namespace === undefined ? [] : [`namespace ${namespace}`]),
    ...(partition === undefined ? [] : [`partition ${partition}`]),
  ];
  return parts.join(', ');
}
