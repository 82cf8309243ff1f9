import type { Change } from '../core/change.ts';
import type { Unbound } from '../core/resolve-bindings.ts';
import { messageOf } from '../net/message-of.ts';
import type { BindingSources } from './binding-sources.ts';
import type { OneShotSnapshots } from './one-shot-snapshots.ts';
import { type PassContext, pass } from './pass.ts';
import type { UpstreamReport } from './report.ts';
import { errorReport } from './report-of.ts';

export interface OnceOptions {
  readonly sources: BindingSources;
  readonly snapshots: OneShotSnapshots;
  readonly context: PassContext;
  /** Only these upstreams; empty means all. */
  readonly only: ReadonlySet<string>;
}

/** What a one-shot run came to. */
export interface OnceResult {
  readonly reports: readonly UpstreamReport[];
  /** The changes that were written. */
  readonly written: readonly Change[];
  /** Names given with `--only` that nothing binds and Kong holds nothing of. */
  readonly unknown: readonly string[];
  readonly unbound: readonly Unbound[];
  /** Hosts that a Kong Service sends its traffic to. */
  readonly hostsInUse: ReadonlySet<string>;
  /** Kong is without a database, and the user's declarative file is not what it held. */
  readonly documentDiffers: boolean;
  /** Of a fleet: Kongs that could not be read or written at all. */
  readonly failedNodes: readonly { readonly node: string; readonly problem: string }[];
}

/**
 * The whole line once, over all upstreams: nothing is written before everything was read and every plan is known, so
 * that the fleet limit sees all removals together.
 * @throws when the bindings or Kong's state could not be read
 */
export async function reconcileOnce(options: OnceOptions, signal: AbortSignal): Promise<OnceResult> {
  const { sources, snapshots, only } = options;
  const { store, driver } = options.context;
  const written: Change[] = [];
  const context = {
    ...options.context,
    onChange: (change: Change, drift: boolean) => {
      written.push(change);
      options.context.onChange(change, drift);
    },
  };

  const states = await driver.readStates(new Set(only), signal);
  for (const [upstream, state] of states) store.setState(upstream, state);
  const reading = await sources.read(signal);
  store.setResolution(reading.resolution, reading.hostsInUse);
  const isMeant = (upstream: string) => only.size === 0 || only.has(upstream);
  const bound = store.bindings().filter((binding) => isMeant(binding.upstream));
  const missing = new Set(bound.map((binding) => binding.upstream).filter((upstream) => !states.has(upstream)));
  const [foreign] = await Promise.all([
    missing.size === 0 ? new Map() : driver.readStates(missing, signal),
    snapshots.readAll(
      bound.map((binding) => binding.query),
      signal,
    ),
  ]);
  for (const upstream of missing)
    store.setState(upstream, foreign.get(upstream) ?? { current: undefined, staged: undefined });

  const names = [...store.names()].filter(isMeant).sort();
  await eachPass(names, { ...context, role: () => 'observer' }, signal);
  if (context.role() === 'writer') await eachPass(names, context, signal);
  const differs = (await driver.document?.differs(signal)) === true;
  if (differs && context.role() === 'writer') await driver.document?.load(signal);
  return {
    reports: store.reports().map(withoutTime),
    written,
    unknown: [...only].filter((name) => !store.names().has(name)),
    unbound: reading.resolution.unbound,
    hostsInUse: reading.hostsInUse,
    documentDiffers: differs,
    failedNodes: [],
  };
}

/** Nothing is remembered of the time before: when a hold ends is for a sidecar that runs to say. */
function withoutTime(report: UpstreamReport): UpstreamReport {
  return report.hold === undefined ? report : { ...report, hold: { ...report.hold, untilMs: undefined } };
}

async function eachPass(names: readonly string[], context: PassContext, signal: AbortSignal): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      try {
        await pass(name, context, signal);
      } catch (error) {
        signal.throwIfAborted();
        const problem = messageOf(error);
        context.store.setReport(errorReport(name, context.store.report(name), problem));
      }
    }),
  );
}
