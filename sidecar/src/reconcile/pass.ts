import type { Snapshot, WatchState } from '../consul/snapshot.ts';
import { assertNever } from '../core/assert-never.ts';
import { type Binding, queryKey } from '../core/binding.ts';
import type { Change } from '../core/change.ts';
import type { GuardLimits } from '../core/guard.ts';
import type { KongDriver, UpstreamState } from '../kong/driver.ts';
import { KongChangedError } from '../kong/errors.ts';
import { childSignal } from '../net/child-signal.ts';
import type { Doubt } from './doubts.ts';
import type { Role } from './leadership.ts';
import { type LineResult, runLine } from './line.ts';
import { isOutdated, overtakenAfter } from './overtaken.ts';
import { passUnbound } from './pass-unbound.ts';
import { boundReport, waitingReport } from './report-of.ts';
import type { Store } from './store.ts';

/** Where passes get the answers of Consul from. */
export interface SnapshotSource {
  state(key: string): WatchState | undefined;
  /** A consistent read, now. @throws when it cannot be trusted */
  confirm(key: string, signal: AbortSignal): Promise<WatchState>;
}

/** What all passes share. */
export interface PassContext {
  readonly store: Store;
  readonly driver: KongDriver;
  readonly snapshots: SnapshotSource;
  readonly tag: string;
  readonly limits: GuardLimits;
  readonly unbindGraceMs: number;
  readonly policy: 'sync' | 'upsert_only';
  readonly force: boolean;
  readonly role: () => Role;
  readonly allAnswered: () => boolean;
  /** What Kong may yet do to an upstream, of writes that got no answer. */
  readonly doubt: (upstream: string) => Doubt | undefined;
  readonly onChange: (change: Change, drift: boolean) => void;
}

/** When this upstream must be looked at again although nothing happens; undefined: not by itself. */
export interface PassOutcome {
  readonly againAfterMs: number | undefined;
}

/** A plan that is not empty after so many rounds is one that Kong does not take. */
const MAX_ROUNDS = 6;
const CONFIRM_RETRY_MS = 1_000;
/** What a standby would write is the leader's to write: look in Kong whether it has. */
export const STANDBY_LOOK_MS = 5_000;
const DONE = { againAfterMs: undefined } as const satisfies PassOutcome;

/**
 * Looks at one upstream and does what is to be done: level-triggered, so it may be called at any time and any number of
 * times. @throws what the driver throws when Kong does not answer or refuses; the state is read anew next time
 */
export async function pass(upstream: string, context: PassContext, parent: AbortSignal): Promise<PassOutcome> {
  using own = childSignal(parent);
  const { signal } = own;
  const { store } = context;
  const standing = store.standing(upstream);
  switch (standing.kind) {
    case 'bound':
      return await passBound(standing.binding, context, signal);
    case 'unbound':
      return await passUnbound(upstream, context, signal);
    case 'conflict':
    case 'frozen':
      store.setReport(waitingReport(upstream, standing, { state: store.state(upstream) }));
      return DONE;
    default:
      return assertNever(standing);
  }
}

async function passBound(binding: Binding, context: PassContext, signal: AbortSignal): Promise<PassOutcome> {
  const { store } = context;
  const { upstream } = binding;
  const key = queryKey(binding.query);
  /** Of the round before, if Kong took it. */
  let lastPatch: string | undefined;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const watch = context.snapshots.state(key);
    if (watch?.snapshot === undefined) {
      store.setReport(waitingReport(upstream, { kind: 'bound', binding }, { watch, state: store.state(upstream) }));
      return DONE;
    }
    const state = store.state(upstream) ?? (await readState(upstream, context, signal));
    const { result, patch } = evaluate(binding, watch, state, context, lastPatch);
    const { allowed, hold } = result.ruling;
    store.setReport(boundReport(binding, watch, state, result));

    const role = context.role();
    if (allowed.length > 0 && role === 'writer') {
      const isTaken = await write({ binding, snapshot: watch.snapshot, state, changes: allowed }, context, signal);
      lastPatch = isTaken ? patch : undefined;
      continue;
    }
    if (allowed.length > 0 && role === 'standby') {
      store.dropState(upstream);
      return { againAfterMs: STANDBY_LOOK_MS };
    }
    if (hold?.reason === 'confirm') {
      if (await confirm(upstream, key, context, signal)) continue;
      return { againAfterMs: CONFIRM_RETRY_MS };
    }
    settle(upstream, binding, watch, result, store);
    return { againAfterMs: hold?.untilMs === undefined ? undefined : Math.max(0, hold.untilMs - Date.now()) };
  }
  throw new KongChangedError(`the plan for ${upstream} does not come to an end: something else writes to it`);
}

/** The line, over what is known now; what is remembered of this upstream is brought up to date. */
function evaluate(
  binding: Binding,
  watch: WatchState,
  state: UpstreamState,
  context: PassContext,
  lastPatch: string | undefined,
): { readonly result: LineResult; readonly patch: string | undefined } {
  const { store } = context;
  const { upstream } = binding;
  if (watch.snapshot === undefined) throw new Error('evaluate needs a snapshot');
  const nowMs = Date.now();
  const memory = store.memory(upstream);
  const result = runLine({
    binding,
    snapshot: watch.snapshot,
    state,
    memory,
    tag: context.tag,
    release: context.driver.release,
    // A whole document takes the place of another at once: no upstream is ever seen empty.
    inUse: store.isInUse(upstream) && context.driver.document === undefined,
    limits: context.limits,
    policy: context.policy,
    force: context.force,
    allAnswered: context.allAnswered(),
    doubt: context.doubt(upstream),
    fleet: store.ledger.view(upstream, nowMs),
    nowMs,
  });
  const patch = patchKey(result.ruling.allowed);
  const futilePatch = patch !== undefined && patch === lastPatch ? patch : memory.futilePatch;
  const isFutile = patch !== undefined && patch === futilePatch;
  const { emptySinceMs, heldSinceMs, unboundSinceMs: _, futilePatch: __, ...rest } = memory;
  store.setMemory(upstream, {
    ...rest,
    ...(isFutile && { futilePatch: patch }),
    ...(result.derivation.counts.registered === 0 && { emptySinceMs: emptySinceMs ?? nowMs }),
    ...(result.ruling.hold?.reason === 'fleet_limit' && { heldSinceMs: heldSinceMs ?? nowMs }),
  });
  store.ledger.leave(upstream, 0);
  store.ledger.ask(upstream, result.plan.changes.filter((change) => change.kind === 'remove-target').length);
  return { result: isFutile ? withoutPatch(result) : result, patch };
}

async function readState(upstream: string, context: PassContext, signal: AbortSignal): Promise<UpstreamState> {
  const state = await context.driver.readState(upstream, signal);
  context.store.setState(upstream, state);
  return state;
}

interface Write {
  readonly binding: Binding;
  readonly snapshot: Snapshot;
  readonly state: UpstreamState;
  readonly changes: readonly Change[];
}

/** False when Kong turned out to hold something else. */
async function write(
  { binding, snapshot, state, changes }: Write,
  context: PassContext,
  signal: AbortSignal,
): Promise<boolean> {
  const { upstream } = binding;
  const { store, driver } = context;
  const { settled } = store.memory(upstream);
  const drift = settled !== undefined && settled === settledKey(upstream, store, context);
  try {
    const onChange = (change: Change) => {
      if (change.kind === 'remove-target') store.ledger.removed(upstream, change.target, Date.now());
      if (change.kind === 'add-target') store.ledger.added(upstream, change.target);
      context.onChange(change, drift);
    };
    const isOvertaken = overtakenAfter(binding, snapshot, context);
    const written = await driver.apply(changes, state, signal, { onChange, isOvertaken });
    store.setState(upstream, written);
    return true;
  } catch (error) {
    store.dropState(upstream);
    if (!isOutdated(error)) throw error;
    return false;
  }
}

async function confirm(upstream: string, key: string, context: PassContext, signal: AbortSignal): Promise<boolean> {
  try {
    const { snapshot } = await context.snapshots.confirm(key, signal);
    if (snapshot === undefined) return false;
    const confirmed = { digest: snapshot.digest, atMs: Date.now() };
    context.store.setMemory(upstream, { ...context.store.memory(upstream), confirmed });
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

function settle(upstream: string, binding: Binding, watch: WatchState, result: LineResult, store: Store): void {
  if (result.plan.changes.length > 0 || watch.snapshot === undefined) return;
  store.setMemory(upstream, { ...store.memory(upstream), settled: settledText(binding, watch.snapshot.digest) });
}

function settledKey(upstream: string, store: Store, context: PassContext): string | undefined {
  const standing = store.standing(upstream);
  if (standing.kind !== 'bound') return undefined;
  const digest = context.snapshots.state(queryKey(standing.binding.query))?.snapshot?.digest;
  return digest === undefined ? undefined : settledText(standing.binding, digest);
}

function settledText(binding: Binding, digest: string): string {
  return JSON.stringify([digest, queryKey(binding.query), binding.options]);
}

function patchKey(changes: readonly Change[]): string | undefined {
  const update = changes.find((change) => change.kind === 'update-upstream');
  return update === undefined ? undefined : JSON.stringify(update.patch);
}

function withoutPatch(result: LineResult): LineResult {
  const keep = (change: Change) => change.kind !== 'update-upstream';
  const note = 'Kong stores some of the settings otherwise than asked: they are not sent again';
  return {
    ...result,
    plan: { ...result.plan, changes: result.plan.changes.filter(keep), notes: [...result.plan.notes, note] },
    ruling: { ...result.ruling, allowed: result.ruling.allowed.filter(keep) },
  };
}
