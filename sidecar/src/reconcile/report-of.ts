import type { ReadFailure, WatchState } from '../consul/snapshot.ts';
import { assertNever } from '../core/assert-never.ts';
import type { Binding } from '../core/binding.ts';
import type { Plan } from '../core/change.ts';
import type { Ruling } from '../core/guard.ts';
import type { Verdict } from '../core/verdict.ts';
import type { UpstreamState } from '../kong/driver.ts';
import type { LineResult } from './line.ts';
import type { ReportState, UpstreamReport } from './report.ts';
import type { Standing } from './store.ts';

/** What is known of an upstream all the same. */
export interface Known {
  readonly watch?: WatchState | undefined;
  /** What Kong holds. */
  readonly state?: UpstreamState | undefined;
}

/** The report of an upstream for which nothing can be worked out yet, or must not. */
export function waitingReport(upstream: string, standing: Standing, known: Known = {}): UpstreamReport {
  const { watch, state } = known;
  const held = state === undefined ? { targets: 0, present: [] } : present(state);
  const base = { upstream, notes: [], verdicts: [], ...held, malformed: 0, updatedMs: Date.now() };
  switch (standing.kind) {
    case 'bound':
      return {
        ...base,
        state: 'waiting',
        binding: standing.binding,
        sources: [standing.binding.source],
        problem: consulProblem(watch?.failure) ?? 'no answer from Consul yet',
      };
    case 'conflict':
      return {
        ...base,
        state: 'conflict',
        sources: standing.sources,
        problem: 'two bindings disagree on this upstream: nothing is written',
      };
    case 'frozen':
      return { ...base, state: 'frozen', sources: [standing.source], problem: standing.reason };
    case 'unbound':
      return { ...base, state: 'unbound', sources: [] };
    default:
      return assertNever(standing);
  }
}

/** The report of a bound upstream after one evaluation. */
export function boundReport(
  binding: Binding,
  watch: WatchState,
  state: UpstreamState,
  result: LineResult,
): UpstreamReport {
  const { derivation, plan, ruling } = result;
  const problem = consulProblem(watch.failure);
  return {
    upstream: binding.upstream,
    state: stateOf(ruling),
    binding,
    sources: [binding.source],
    plan,
    ...(ruling.hold !== undefined && { hold: ruling.hold }),
    ...(problem !== undefined && { problem }),
    notes: [...plan.notes, ...derivation.verdicts.flatMap(hostNameNote)],
    verdicts: derivation.verdicts,
    counts: derivation.counts,
    ...present(state),
    malformed: watch.snapshot?.malformed.length ?? 0,
    ...(watch.lastSuccessMs !== undefined && { lastAnswerMs: watch.lastSuccessMs }),
    updatedMs: Date.now(),
  };
}

/** Why a service cannot be read now, as a sentence that names Consul. */
export function consulProblem(failure: ReadFailure | undefined): string | undefined {
  if (failure === undefined) return undefined;
  return failure.why.startsWith('Consul') ? failure.why : `Consul: ${failure.why}`;
}

/** The report of an upstream whose binding went away. */
export function unboundReport(
  upstream: string,
  state: UpstreamState,
  release: { readonly plan: Plan; readonly ruling: Ruling; readonly graceUntilMs: number },
): UpstreamReport {
  return {
    upstream,
    state: release.ruling.hold === undefined ? 'unbound' : 'held',
    sources: [],
    plan: release.plan,
    ...(release.ruling.hold !== undefined && { hold: release.ruling.hold }),
    problem: `nothing binds it any more: to be deleted at ${new Date(release.graceUntilMs).toISOString()}`,
    notes: release.plan.notes,
    verdicts: [],
    ...present(state),
    malformed: 0,
    updatedMs: Date.now(),
  };
}

/** The report of an upstream that Kong refuses, or does not answer for. */
export function errorReport(upstream: string, before: UpstreamReport | undefined, problem: string): UpstreamReport {
  const base = before ?? { upstream, sources: [], notes: [], verdicts: [], targets: 0, present: [], malformed: 0 };
  return { ...base, state: 'error', problem, updatedMs: Date.now() };
}

function stateOf(ruling: Ruling): ReportState {
  if (ruling.hold !== undefined) return 'held';
  return ruling.allowed.length > 0 ? 'pending' : 'in_sync';
}

function hostNameNote({ target, hostName }: Verdict): readonly string[] {
  if (!hostName || target === undefined) return [];
  return [`target ${target} is a host name: Kong resolves it by its own DNS rules; register an IP address instead`];
}

function present(state: UpstreamState): Pick<UpstreamReport, 'targets' | 'present'> {
  const targets = (state.current ?? state.staged)?.targets ?? [];
  return { targets: targets.length, present: targets };
}
