import { backoffMs, sleep } from '../net/sleep.ts';
import type { ConsulClient } from './client.ts';
import { type CheckScope, type CheckSubject, readCriticalChecks } from './critical-checks.ts';
import { USUAL_WAIT_MS } from './poll-wait.ts';

/** Told of what the feed sees. */
export interface FeedListener {
  /** Checks that turned critical, or are no longer. */
  onChange(subjects: readonly CheckSubject[]): void;
  /** A read failed; it is tried again. */
  onFailure(error: unknown): void;
  /** A read succeeded. */
  onSuccess(): void;
}

/** Consul wakes this query for many reasons; this bounds how often it is asked again. */
const MIN_GAP_MS = 250;
const BACKOFF_BASE_MS = 200;
const BACKOFF_CAP_MS = 4_000;

/**
 * One long poll that tells which services have a check that turned critical, or is no longer: while watches take turns,
 * this is how what matters most is seen at once. It only says where to look. Never rejects.
 */
export async function followCriticalChecks(
  client: ConsulClient,
  scope: CheckScope,
  listener: FeedListener,
  signal: AbortSignal,
): Promise<void> {
  let known: ReadonlyMap<string, CheckSubject> | undefined;
  let index = 0n;
  for (let attempt = 0; !signal.aborted; ) {
    try {
      const answer = await readCriticalChecks(client, { scope, index, waitMs: USUAL_WAIT_MS }, signal);
      attempt = 0;
      index = answer.index < index ? 0n : answer.index || 1n;
      listener.onSuccess();
      if (known !== undefined) listener.onChange(differences(known, answer.checks));
      known = answer.checks;
      await sleep(MIN_GAP_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      attempt += 1;
      index = 0n;
      listener.onFailure(error);
      await sleep(MIN_GAP_MS + backoffMs(attempt, BACKOFF_BASE_MS, BACKOFF_CAP_MS), signal).catch(() => {});
    }
  }
}

function differences(
  before: ReadonlyMap<string, CheckSubject>,
  now: ReadonlyMap<string, CheckSubject>,
): readonly CheckSubject[] {
  const gone = [...before].filter(([key]) => !now.has(key));
  const come = [...now].filter(([key]) => !before.has(key));
  return [...gone, ...come].map(([, subject]) => subject);
}
