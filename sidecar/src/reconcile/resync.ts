import { setImmediate as breathe } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { UpstreamState } from '../kong/driver.ts';
import type { PassContext } from './pass.ts';

/** What a full read of Kong has found of one upstream. */
export interface Finding {
  readonly upstream: string;
  /** What was known when the read began. */
  readonly before: UpstreamState | undefined;
  readonly now: UpstreamState;
  /** A pass worked on it meanwhile: what was found may be older than what is known. */
  readonly isBusy: boolean;
}

const NOTHING: UpstreamState = { current: undefined, staged: undefined };
/** As many as take some milliseconds: a change must not wait until thousands are compared. */
const AT_ONCE = 50;

/**
 * Reads all of Kong, and keeps what it holds now; what a pass has worked on meanwhile is left to it.
 * @throws when any part could not be read
 */
export async function readKong(
  { store, driver }: Pick<PassContext, 'store' | 'driver'>,
  isRunning: (upstream: string) => boolean,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const seen = new Map([...store.names()].map((name) => [name, store.state(name)]));
  const bound = new Set(store.bindings().map((binding) => binding.upstream));
  const states = await driver.readStates(bound, signal);
  return [...new Set([...seen.keys(), ...states.keys()])].map((upstream) => {
    const before = seen.get(upstream);
    const now = states.get(upstream) ?? NOTHING;
    const isBusy = isRunning(upstream) || store.state(upstream) !== before;
    if (!isBusy && !isSame(before, now)) store.setState(upstream, now);
    return { upstream, before, now, isBusy };
  });
}

/** The upstreams to look at: those that are other than was known, and those that were not in sync. */
export async function* differences(
  findings: readonly Finding[],
  { store }: Pick<PassContext, 'store'>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (const [at, { upstream, before, now, isBusy }] of findings.entries()) {
    if (at % AT_ONCE === AT_ONCE - 1) await breathe(undefined, { signal });
    const isSettled = !isBusy && store.report(upstream)?.state === 'in_sync' && isDeepStrictEqual(before, now);
    if (!isSettled) yield upstream;
  }
}

/** The driver gives the same objects again for what is as it was. */
function isSame(before: UpstreamState | undefined, now: UpstreamState): boolean {
  return before !== undefined && before.current === now.current && before.staged === now.staged;
}
