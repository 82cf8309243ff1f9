import { durationText } from './duration.ts';
import { type Finding, ok, warning } from './finding.ts';

/** The header `Date` has whole seconds, and the answer took its time. */
const TOLERATED_MS = 3_000;

/** How far the clock of another is from ours. */
export function checkClock(whose: string, date: string | undefined, askedMs: number): readonly Finding[] {
  const theirsMs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirsMs)) return [];
  const check = `clock of ${whose}`;
  const skewMs = theirsMs - askedMs;
  if (Math.abs(skewMs) <= TOLERATED_MS) return [ok(check, 'agrees with ours')];
  const text = `${durationText(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} ours: times in logs and in explain do not fit together`;
  return [warning(check, text, 'on the machine whose clock is wrong:', 'timedatectl set-ntp true')];
}
