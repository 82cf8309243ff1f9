import type { WatchState } from '../consul/snapshot.ts';
import { compareText } from '../core/order.ts';

/** What decides whether a sidecar is ready. Times are ms since the epoch. */
export interface ReadinessFacts {
  readonly kongHasAnswered: boolean;
  /** Bindings and Kong's state were read, and what was missing then is written. */
  readonly isSynced: boolean;
  readonly watches: readonly Pick<WatchState, 'query' | 'snapshot' | 'lastSuccessMs' | 'failure'>[];
  /** Since when Kong cannot be read, and why. */
  readonly kongFailure: KongFailure | undefined;
  readonly staleAfterMs: number;
  /** How long a poll of Consul may block, and be no sign of trouble. */
  readonly pollMs: number;
  readonly nowMs: number;
}

export interface KongFailure {
  readonly sinceMs: number;
  readonly problem: string;
}

/** Why a sidecar is not ready, one sentence each; none when it is. */
export type Unreadiness = readonly string[];

const NAMED = 3;

/**
 * | what                                                  | ready                    |
 * | ----------------------------------------------------- | ------------------------ |
 * | Kong has not answered yet                             | no                       |
 * | first sync not done                                   | no, with what it waits for |
 * | some service's last trusted answer is older than the limit | no, naming them     |
 * | Kong cannot be read for longer than the limit         | no                       |
 * | checks that turn critical are seen late, for watches take turns | yes            |
 * | otherwise                                             | yes                      |
 */
export function unreadinessOf(facts: ReadinessFacts): Unreadiness {
  const { watches, kongFailure, nowMs, staleAfterMs, pollMs } = facts;
  if (!facts.kongHasAnswered) return ['Kong has not answered yet'];
  if (!facts.isSynced) return [firstSync(facts)];
  const stale = watches.filter(({ lastSuccessMs, failure }) => {
    const limitMs = failure === undefined ? Math.max(staleAfterMs, 2 * pollMs) : staleAfterMs;
    return lastSuccessMs !== undefined && nowMs - lastSuccessMs > limitMs;
  });
  const isKongGone = kongFailure !== undefined && nowMs - kongFailure.sinceMs > staleAfterMs;
  return [
    ...(stale.length === 0
      ? []
      : [
          `no trusted answer from Consul for ${seconds(staleAfterMs)} or longer: ${share(stale, watches)}${reasonOf(stale)}`,
        ]),
    ...(isKongGone ? [`Kong cannot be read for ${seconds(nowMs - kongFailure.sinceMs)}: ${kongFailure.problem}`] : []),
  ];
}

function firstSync({ watches, kongFailure }: ReadinessFacts): string {
  const silent = watches.filter(({ snapshot }) => snapshot === undefined);
  if (silent.length > 0) return `no trusted answer from Consul yet: ${share(silent, watches)}${reasonOf(silent)}`;
  if (kongFailure !== undefined) return `the first full sync is not done: ${kongFailure.problem}`;
  return 'the first full sync is not done';
}

/** Why the first of them cannot be read. */
function reasonOf(some: ReadinessFacts['watches']): string {
  const failure = some.find((watch) => watch.failure !== undefined)?.failure;
  return failure === undefined ? '' : `: ${failure.why}`;
}

/** `2 of 9 services (billing, orders)`. */
function share(some: ReadinessFacts['watches'], all: ReadinessFacts['watches']): string {
  const names = [...new Set(some.map(({ query }) => query.service))].sort(compareText);
  const rest = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${some.length} of ${all.length} services (${names.slice(0, NAMED).join(', ')}${rest})`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
