import { assertNever } from '../core/assert-never.ts';
import type { Change } from '../core/change.ts';
import { describeChange } from '../core/describe.ts';
import { holdEndText } from '../reconcile/hold-text.ts';
import type { OnceResult } from '../reconcile/reconcile-once.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { type Colour, type Paint, painter, plain } from './paint.ts';
import { NOTHING_BOUND } from './status-text.ts';

const COLOURS: Readonly<Record<ReturnType<typeof signOf>, Colour>> = { '+': 'good', '~': 'doubt', '-': 'bad' };

/**
 * A plan for people: one block an upstream that differs, `+` what comes, `~` what changes, `-` what goes, `!` what is
 * wrong or held, and a last line with the sums.
 */
export function planText(result: OnceResult, colour: boolean): string {
  const blocks = result.reports.filter(isWorthShowing).map((report) => block(report, painter(colour)));
  const unbound = result.unbound.map(({ subject, reason }) => `! ${plain(subject)} is not bound: ${plain(reason)}\n`);
  return [...blocks, ...unbound, summary(result.reports)].join('');
}

/** Sums over all plans, for the last line and for scripts. */
export function countChanges(reports: readonly UpstreamReport[]): {
  readonly add: number;
  readonly change: number;
  readonly remove: number;
  readonly held: number;
} {
  const all = reports.flatMap((report) => report.plan?.changes ?? []);
  const count = (sign: string) => all.filter((change) => signOf(change) === sign).length;
  const held = reports.reduce((sum, report) => sum + (report.hold?.changes.length ?? 0), 0);
  return { add: count('+'), change: count('~'), remove: count('-'), held };
}

/** What is wrong or held, one sentence an upstream. */
export function problemsOf(reports: readonly UpstreamReport[]): readonly string[] {
  return reports.flatMap(({ upstream, problem, hold }) => {
    const said = problem ?? hold?.why;
    return said === undefined ? [] : [`${upstream}: ${said}`];
  });
}

function isWorthShowing(report: UpstreamReport): boolean {
  return report.state !== 'in_sync' || report.problem !== undefined || report.notes.length > 0;
}

function block(report: UpstreamReport, paint: Paint): string {
  const held = new Set(report.hold?.changes);
  const lines = (report.plan?.changes ?? []).map((change) => changeLine(change, held.has(change), paint));
  const service = report.binding === undefined ? '' : ` <- Consul service ${plain(report.binding.query.service)}`;
  const notes = report.notes.map((note) => `  . ${plain(note)}`);
  const hold =
    report.hold === undefined
      ? []
      : [`  ! held (${report.hold.reason}): ${plain(report.hold.why)}; ${holdEndText(report.hold)}`];
  const problem = report.problem === undefined ? [] : [`  ! ${plain(report.problem)}`];
  return `${[`${plain(report.upstream)} (${report.state})${service}`, ...lines, ...hold, ...problem, ...notes].join('\n')}\n`;
}

function changeLine(change: Change, isHeld: boolean, paint: Paint): string {
  const sign = signOf(change);
  return paint(
    isHeld ? 'quiet' : COLOURS[sign],
    `  ${sign} ${plain(describeChange(change))}${isHeld ? ' [held]' : ''}`,
  );
}

function summary(reports: readonly UpstreamReport[]): string {
  if (reports.length === 0) return NOTHING_BOUND;
  const { add, change, remove, held } = countChanges(reports);
  const blind = reports.filter(isBlind).length;
  const seen = reports.length - blind;
  const sums = `${add} to add, ${change} to change, ${remove} to remove${held > 0 ? `, ${held} of them held` : ''}`;
  const parts = [
    ...(add + change + remove > 0 ? [sums] : seen > 0 ? [`No differences in ${upstreams(seen)}`] : []),
    ...(blind > 0 ? [`${upstreams(blind)} cannot be compared`] : []),
  ];
  return `${parts.join('; ')}.\n`;
}

/** What it should hold, or holds, is not known. */
function isBlind({ plan, state }: UpstreamReport): boolean {
  return plan === undefined && state !== 'unbound';
}

function upstreams(count: number): string {
  return `${count} upstream${count === 1 ? '' : 's'}`;
}

function signOf(change: Change): '+' | '~' | '-' {
  switch (change.kind) {
    case 'create-upstream':
    case 'add-target':
      return '+';
    case 'update-upstream':
    case 'publish-upstream':
    case 'set-weight':
    case 'adopt-target':
      return '~';
    case 'remove-target':
    case 'delete-upstream':
      return '-';
    default:
      return assertNever(change);
  }
}
