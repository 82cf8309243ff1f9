import { FOREIGN_UPSTREAM, NOT_CREATED } from '../core/change.ts';
import { holdEnd } from '../core/hold-end.ts';
import { isUnusable } from '../core/verdict.ts';
import { holdEndText } from '../reconcile/hold-text.ts';
import type { OnceResult } from '../reconcile/reconcile-once.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** What the whole line, run once without writing, shows. */
export function checkUpstreams(result: OnceResult): readonly Finding[] {
  const findings = [
    ...result.reports.flatMap((report) => checkUpstream(report, result.hostsInUse)),
    ...result.unbound.map(({ subject, reason }) => warning(subject, `not bound: ${reason}`)),
  ];
  if (findings.length > 0) return findings;
  if (result.reports.length === 0) {
    return [
      warning(
        'upstreams',
        'nothing is bound',
        'enable the plugin on a Kong Service, or in the config file:',
        'upstreams: { web.service.consul: {} }',
      ),
    ];
  }
  return [ok('upstreams', `${result.reports.length} bound, nothing to say against them`)];
}

/** Hosts in use that are no upstream now: Kong asks DNS for them. */
export function hostsByDns(result: OnceResult): readonly string[] {
  const upstreams = new Set(result.reports.filter(existsInKong).map(({ upstream }) => upstream));
  return [...result.hostsInUse].filter((host) => !upstreams.has(host)).sort();
}

/** Without a plan nothing is said against it. */
function existsInKong({ plan }: UpstreamReport): boolean {
  if (plan === undefined) return true;
  const isMissing = plan.changes.some(({ kind }) => kind === 'create-upstream' || kind === 'publish-upstream');
  return !isMissing && !plan.notes.some((note) => note.startsWith(NOT_CREATED));
}

function checkUpstream(report: UpstreamReport, hostsInUse: ReadonlySet<string>): readonly Finding[] {
  const check = `upstream ${report.upstream}`;
  const { state, problem, hold, counts, verdicts } = report;
  const isBroken = state === 'waiting' || state === 'error' || state === 'conflict' || state === 'frozen';
  const unusable = verdicts.filter(({ skipped }) => isUnusable(skipped));
  const isInUse = hostsInUse.has(report.upstream);
  return [
    ...(isBroken ? [failure(check, problem ?? state)] : []),
    ...(hold === undefined
      ? []
      : [
          warning(
            check,
            `${hold.changes.length === 1 ? '1 removal waits' : `${hold.changes.length} removals wait`}: ${hold.why}; ${holdEndText(hold)}`,
            ...(holdEnd(hold).force ? ['if that is right:', 'kong-consul reconcile --force'] : []),
          ),
        ]),
    ...(unusable.length === 0
      ? []
      : [
          warning(
            check,
            `${unusable.length} of ${verdicts.length} instances cannot be targets (${unusable[0]?.skipped}: ${unusable[0]?.instance})`,
            'for the reason of each:',
            `kong-consul explain ${report.upstream}`,
          ),
        ]),
    ...(counts !== undefined && counts.registered > 0 && counts.healthy === 0 && unusable.length < verdicts.length
      ? [
          warning(
            check,
            `none of its ${counts.registered} instances is healthy`,
            'see which checks fail:',
            `kong-consul explain ${report.upstream}`,
          ),
        ]
      : []),
    ...(isInUse && !existsInKong(report)
      ? [warning(check, 'not in Kong yet, and a Kong Service has this host: Kong asks DNS for it')]
      : []),
    ...(isInUse || state === 'unbound' ? [] : [warning(check, 'no Kong Service has this host: nothing is sent to it')]),
    ...report.notes.filter((note) => !note.startsWith(NOT_CREATED)).map((note) => checkNote(check, note)),
    ...lint(report, check),
  ];
}

/** Kong lists the targets of an upstream whole, so decK deletes ours in one that it looks after, whatever its select tags. */
function checkNote(check: string, note: string): Finding {
  if (!note.startsWith(FOREIGN_UPSTREAM)) return warning(check, note);
  const text = `${note}; if decK looks after it, each of its syncs deletes our targets`;
  return warning(check, text, 'take it out of the deck file, and in the binding:', 'adopt: true');
}

function lint({ binding }: UpstreamReport, check: string): readonly Finding[] {
  return (binding?.healthCheckFindings ?? []).map(({ level, path, message }) =>
    (level === 'error' ? failure : warning)(check, `healthchecks.${path}: ${message}`),
  );
}
