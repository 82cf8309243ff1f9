import { verdictReason } from '../core/explain.ts';
import { isUnusable, type Verdict } from '../core/verdict.ts';
import type { UpstreamReport } from '../reconcile/report.ts';

/** Something about instances that an operator would want to know, as data and a fixed sentence. */
export interface InstanceNews {
  readonly level: 'info' | 'warn';
  readonly data: Readonly<Record<string, unknown>>;
  readonly sentence: string;
}

/** What one report tells of instances that the one before did not; a report like the last one tells nothing. */
export function instanceNews(before: UpstreamReport | undefined, now: UpstreamReport): readonly InstanceNews[] {
  return [...unusable(before, now), ...keeping(before, now), ...unreadable(before, now)];
}

function unusable(before: UpstreamReport | undefined, now: UpstreamReport): readonly InstanceNews[] {
  const bad = now.verdicts.filter(({ skipped }) => isUnusable(skipped));
  if (bad.length === 0) return [];
  const known = new Set(before?.verdicts.filter(({ skipped }) => isUnusable(skipped)).map(keyOf));
  return bad
    .filter((verdict) => !known.has(keyOf(verdict)))
    .map((verdict) => ({
      level: 'warn',
      data: { instance: verdict.instance, reason: verdict.skipped, why: verdictReason(verdict) },
      sentence: 'instance cannot be a target',
    }));
}

function keeping(before: UpstreamReport | undefined, now: UpstreamReport): readonly InstanceNews[] {
  const [did, does] = [before?.verdicts.some(({ kept }) => kept) ?? false, now.verdicts.some(({ kept }) => kept)];
  // An upstream whose answer is not known for a while says nothing about its instances.
  if (did === does || now.counts === undefined) return [];
  const { registered, healthy } = now.counts;
  // Not one is healthy: they were deregistered or put into maintenance, which removals and holds tell.
  if (!does && healthy === 0) return [];
  if (!does) return [{ level: 'info', data: { registered, healthy }, sentence: 'enough instances are healthy again' }];
  const sentence = 'too few instances are healthy: those that are not stay targets';
  return [{ level: 'warn', data: { registered, healthy }, sentence }];
}

function unreadable(before: UpstreamReport | undefined, now: UpstreamReport): readonly InstanceNews[] {
  if (now.malformed === 0 || now.malformed === before?.malformed) return [];
  const sentence = "entries of Consul's answer cannot be read: they are left out";
  return [{ level: 'warn', data: { entries: now.malformed }, sentence }];
}

function keyOf({ instance, skipped }: Verdict): string {
  return `${skipped} ${instance}`;
}
