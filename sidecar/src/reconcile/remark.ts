import { NOT_CREATED } from '../core/change.ts';
import { verdictReason } from '../core/explain.ts';
import { isUnusable, type Verdict } from '../core/verdict.ts';
import { holdEndText } from './hold-text.ts';
import type { UpstreamReport } from './report.ts';

/**
 * What is special about an upstream, the gravest first, in one sentence; empty when nothing is. The first row that fits.
 *
 * | what                                            | said                                      |
 * | ----------------------------------------------- | ----------------------------------------- |
 * | something cannot be read or written             | the problem                               |
 * | removals are held                               | why, and until when                       |
 * | changes are to be written                       | how many                                  |
 * | no instance registered                          | that, and what becomes of the upstream    |
 * | none usable; some not usable                    | how many, and why the first is not        |
 * | none healthy; too few                           | what becomes of the targets               |
 * | some get nothing                                | how many, and why the first does not      |
 * | entries that cannot be read; notes              | how many; the first                       |
 */
export function remarkOf(report: UpstreamReport): string {
  const { problem, hold, notes } = report;
  if (problem !== undefined) return problem;
  if (hold !== undefined) return `${hold.why}; ${holdEndText(hold)}`;
  const pending = report.plan?.changes.length ?? 0;
  if (pending > 0) return `${count(pending, 'change')} to be written`;
  return instancesRemark(report) ?? notes[0] ?? '';
}

function instancesRemark({ counts, verdicts, targets, malformed, notes }: UpstreamReport): string | undefined {
  if (counts === undefined) return undefined;
  if (counts.registered === 0) {
    const isMissing = notes.some((note) => note.startsWith(NOT_CREATED));
    return `Consul knows no instance: the upstream is ${isMissing ? 'not created before there is one' : 'empty'}`;
  }
  const unusable = verdicts.filter(({ skipped }) => isUnusable(skipped));
  const kept = verdicts.some((verdict) => verdict.kept);
  if (unusable.length > 0 && unusable.length === verdicts.length)
    return namedFirst(unusable, 'cannot be a target', verdicts);
  if (counts.healthy === 0)
    return `no instance is healthy: ${targets > 0 ? `${count(targets, 'target')} stay all the same` : 'there is no target'}`;
  if (kept) return `too few instances are healthy, ${counts.healthy} of ${counts.registered}: all of them stay targets`;
  if (unusable.length > 0) return namedFirst(unusable, 'cannot be a target', verdicts);
  const out = verdicts.filter(({ skipped }) => skipped !== undefined);
  if (out.length > 0) return namedFirst(out, 'is no target', verdicts);
  return malformed > 0 ? `${count(malformed, 'entry', 'entries')} of Consul's answer cannot be read` : undefined;
}

/** `node-1/web-1 is no target: check http is critical`, `2 of 5 instances: node-1/web-1 is …`. */
function namedFirst(some: readonly Verdict[], what: string, all: readonly Verdict[]): string {
  const [first] = some;
  if (first === undefined) return '';
  const sentence = `${first.instance} ${what}: ${verdictReason(first)}`;
  return some.length === 1 ? sentence : `${some.length} of ${all.length} instances get nothing: ${sentence}`;
}

function count(many: number, one: string, more = `${one}s`): string {
  return `${many} ${many === 1 ? one : more}`;
}
