import { isDeepStrictEqual } from 'node:util';
import { type Binding, type BindingSource, queryKey } from '../core/binding.ts';
import { isOwned } from '../core/ownership.ts';
import type { Resolution } from '../core/resolve-bindings.ts';
import type { UpstreamState } from '../kong/driver.ts';
import { Ledger } from './ledger.ts';
import { ownedTargets } from './line.ts';
import type { UpstreamMemory } from './memory.ts';
import type { UpstreamReport } from './report.ts';

/** What the binding sources say of one upstream. */
export type Standing =
  | { readonly kind: 'bound'; readonly binding: Binding }
  | { readonly kind: 'conflict'; readonly sources: readonly BindingSource[] }
  | { readonly kind: 'frozen'; readonly source: BindingSource; readonly reason: string }
  | { readonly kind: 'unbound' };

/** Told when a report takes the place of another. */
export type ReportListener = (
  before: UpstreamReport | undefined,
  now: UpstreamReport | undefined,
  upstream: string,
) => void;

/** All that is known of all upstreams, each under its bound name. */
export class Store {
  readonly ledger = new Ledger();
  /** The owner tag of what is ours. */
  readonly tag: string;
  readonly #onReport: ReportListener;
  readonly #states = new Map<string, UpstreamState>();
  readonly #memories = new Map<string, UpstreamMemory>();
  readonly #reports = new Map<string, UpstreamReport>();
  #standings: ReadonlyMap<string, Standing> = new Map();
  #hostsInUse: ReadonlySet<string> = new Set();
  #fedBy: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(tag: string, onReport: ReportListener) {
    this.tag = tag;
    this.#onReport = onReport;
  }

  /** Takes over a complete reading of the binding sources, and names the upstreams that stand otherwise than before. */
  setResolution(resolution: Resolution, hostsInUse: ReadonlySet<string>): readonly string[] {
    const before = this.#standings;
    const standings = new Map<string, Standing>();
    for (const { frozen, source, reason } of resolution.unbound) {
      if (frozen !== undefined) standings.set(frozen, { kind: 'frozen', source, reason });
    }
    for (const { upstream, sources } of resolution.conflicts) standings.set(upstream, { kind: 'conflict', sources });
    for (const binding of resolution.bindings) {
      if (!standings.has(binding.upstream)) standings.set(binding.upstream, { kind: 'bound', binding });
    }
    this.#standings = standings;
    this.#hostsInUse = hostsInUse;
    this.#fedBy = upstreamsByQuery(resolution.bindings);
    return [...new Set([...before.keys(), ...standings.keys()])].filter(
      (name) => !isDeepStrictEqual(before.get(name), standings.get(name)),
    );
  }

  /** The keys of all queries that feed an upstream. */
  queryKeys(): readonly string[] {
    return [...this.#fedBy.keys()];
  }

  /** The upstreams that a query feeds, by its key. */
  fedBy(key: string): readonly string[] {
    return this.#fedBy.get(key) ?? [];
  }

  standing(upstream: string): Standing {
    return this.#standings.get(upstream) ?? { kind: 'unbound' };
  }

  bindings(): readonly Binding[] {
    return [...this.#standings.values()].flatMap((standing) => (standing.kind === 'bound' ? [standing.binding] : []));
  }

  /** Every name that something binds or that Kong holds something of ours under. */
  names(): ReadonlySet<string> {
    return new Set([...this.#standings.keys(), ...this.#states.keys()]);
  }

  /** Whether it is one of these names. */
  isKnown(upstream: string): boolean {
    return this.#standings.has(upstream) || this.#states.has(upstream);
  }

  /** Whether a Kong Service sends its traffic to this host. */
  isInUse(upstream: string): boolean {
    return this.#hostsInUse.has(upstream);
  }

  /** Whether Kong holds an upstream of this name that carries our tag. */
  ownsUpstream(upstream: string): boolean {
    const current = this.#states.get(upstream)?.current;
    return current !== undefined && isOwned(current, this.tag);
  }

  state(upstream: string): UpstreamState | undefined {
    return this.#states.get(upstream);
  }

  setState(upstream: string, state: UpstreamState): void {
    this.#states.set(upstream, state);
    this.ledger.setOwned(upstream, ownedTargets(state, this.tag).length);
  }

  /** What Kong holds is not known any more: the next pass reads it. */
  dropState(upstream: string): void {
    this.#states.delete(upstream);
  }

  memory(upstream: string): UpstreamMemory {
    return this.#memories.get(upstream) ?? {};
  }

  setMemory(upstream: string, memory: UpstreamMemory): void {
    this.#memories.set(upstream, memory);
  }

  report(upstream: string): UpstreamReport | undefined {
    return this.#reports.get(upstream);
  }

  reports(): readonly UpstreamReport[] {
    return [...this.#reports.values()].sort((a, b) => (a.upstream < b.upstream ? -1 : 1));
  }

  setReport(report: UpstreamReport): void {
    const before = this.#reports.get(report.upstream);
    this.#reports.set(report.upstream, report);
    this.#onReport(before, report, report.upstream);
  }

  /** Nothing binds it and Kong holds nothing of it. */
  forget(upstream: string): void {
    const before = this.#reports.get(upstream);
    this.#states.delete(upstream);
    this.#memories.delete(upstream);
    this.#reports.delete(upstream);
    this.ledger.setOwned(upstream, 0);
    this.ledger.ask(upstream, 0);
    this.ledger.leave(upstream, 0);
    if (before !== undefined) this.#onReport(before, undefined, upstream);
  }
}

function upstreamsByQuery(bindings: readonly Binding[]): ReadonlyMap<string, readonly string[]> {
  const upstreams = new Map<string, string[]>();
  for (const { query, upstream } of bindings) {
    const key = queryKey(query);
    const fed = upstreams.get(key);
    if (fed === undefined) upstreams.set(key, [upstream]);
    else fed.push(upstream);
  }
  return upstreams;
}
