import { guardDeletion, type Hold } from '../core/guard.ts';
import { isOwned } from '../core/ownership.ts';
import { planDeletion } from '../core/plan.ts';
import type { UpstreamState } from '../kong/driver.ts';
import { KongChangedError } from '../kong/errors.ts';
import { ownedTargets } from './line.ts';
import { isOutdated } from './overtaken.ts';
import { type PassContext, type PassOutcome, STANDBY_LOOK_MS } from './pass.ts';
import { unboundReport } from './report-of.ts';

const MAX_ROUNDS = 3;
const REASON = 'nothing binds it any more';

/** Deletes what is ours of an upstream that nothing binds any more, once its grace is over. */
export async function passUnbound(upstream: string, context: PassContext, signal: AbortSignal): Promise<PassOutcome> {
  const { store } = context;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const state = store.state(upstream) ?? (await context.driver.readState(upstream, signal));
    if (!holdsOurs(state, context.tag)) {
      store.forget(upstream);
      return { againAfterMs: undefined };
    }
    store.setState(upstream, state);
    const hold = await release(upstream, state, context, signal);
    if (hold !== undefined) return { againAfterMs: hold.againAfterMs };
  }
  throw new KongChangedError(`upstream ${upstream} could not be released: something else writes to it`);
}

async function release(
  upstream: string,
  state: UpstreamState,
  context: PassContext,
  signal: AbortSignal,
): Promise<PassOutcome | undefined> {
  const { store, tag } = context;
  const nowMs = Date.now();
  const memory = store.memory(upstream);
  const sinceMs = memory.unboundSinceMs ?? nowMs;
  const plan = planDeletion(upstream, state, tag, REASON);
  const ours = ownedTargets(state, tag);
  const ruling = guardDeletion(plan, {
    limits: context.limits,
    nowMs,
    ownedTargets: ours.length,
    heldSinceMs: memory.heldSinceMs,
    fleet: store.ledger.view(upstream, nowMs),
    policy: context.policy,
    force: context.force,
  });
  const grace = graceHold(sinceMs + context.unbindGraceMs, nowMs, ruling.hold);
  store.setMemory(upstream, {
    unboundSinceMs: sinceMs,
    ...(ruling.hold?.reason === 'fleet_limit' && { heldSinceMs: memory.heldSinceMs ?? nowMs }),
  });
  store.ledger.leave(upstream, ours.length);
  store.setReport(unboundReport(upstream, state, { plan, ruling, graceUntilMs: sinceMs + context.unbindGraceMs }));
  if (grace !== undefined) return grace;
  const role = context.role();
  if (ruling.allowed.length > 0 && role === 'standby') {
    store.dropState(upstream);
    return { againAfterMs: STANDBY_LOOK_MS };
  }
  if (ruling.allowed.length === 0 || role !== 'writer') {
    const untilMs = ruling.hold?.untilMs;
    return { againAfterMs: untilMs === undefined ? undefined : untilMs - nowMs };
  }
  try {
    const written = await context.driver.apply(ruling.allowed, state, signal, {
      onChange: (change) => context.onChange(change, false),
      isOvertaken: () => store.standing(upstream).kind !== 'unbound',
    });
    store.setState(upstream, written);
    for (const target of ours) store.ledger.removed(upstream, target.target, nowMs);
    store.ledger.leave(upstream, 0);
  } catch (error) {
    store.dropState(upstream);
    if (!isOutdated(error)) throw error;
  }
  return undefined;
}

function graceHold(untilMs: number, nowMs: number, hold: Hold | undefined): PassOutcome | undefined {
  if (nowMs >= untilMs || hold?.reason === 'upsert_only') return undefined;
  return { againAfterMs: untilMs - nowMs };
}

function holdsOurs(state: UpstreamState, tag: string): boolean {
  const upstreams = [state.current, state.staged].filter((upstream) => upstream !== undefined);
  return upstreams.some(
    (upstream) => isOwned(upstream, tag) || upstream.targets.some((target) => isOwned(target, tag)),
  );
}
