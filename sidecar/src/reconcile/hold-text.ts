import type { Hold } from '../core/guard.ts';
import { holdEnd } from '../core/hold-end.ts';

/** When and how it ends, with the time in UTC: `removed at 03:12:05 UTC if Consul still says so`, `held until …`. */
export function holdEndText(hold: Pick<Hold, 'reason' | 'untilMs'>): string {
  const { reason, untilMs } = hold;
  const { ends } = holdEnd(hold);
  if (untilMs === undefined || reason === 'confirm') return `held ${ends}`;
  return `removed at ${new Date(untilMs).toISOString().slice(11, 19)} UTC ${ends}`;
}
