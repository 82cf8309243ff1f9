import { readServiceNames } from '../consul/agent.ts';
import type { UpstreamHealth } from '../kong/health-reader.ts';
import { readKongInfo } from '../kong/info.ts';
import { messageOf } from '../net/message-of.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { trailJson } from '../serve/trail-json.ts';
import { createHealthReader } from './create-health.ts';
import { runOnce } from './once.ts';
import { type CommandIo, createConsul, createKong, tagOf } from './session.ts';
import { SidecarApi } from './sidecar-api.ts';

/** An upstream and every name by which somebody may ask for it. */
export interface Candidate {
  readonly upstream: string;
  readonly service: string | undefined;
  /** Instances as `node/id`, and their addresses. */
  readonly instances: readonly {
    readonly instance: string;
    readonly target: string | undefined;
    readonly address: string;
  }[];
  /** Addresses that Kong holds. */
  readonly targets: readonly string[];
}

/** Something that asks for a binding and gets none. */
export interface NotBound {
  readonly subject: string;
  readonly reason: string;
}

/** Where trails are read from. */
export interface TrailSource {
  readonly candidates: readonly Candidate[];
  readonly unbound: readonly NotBound[];
  /** Services that Consul does not tell of now, so that their instances are not known. */
  readonly unreadable: readonly string[];
  /** Names of Consul services, to tell what could be bound; empty when they cannot be read. */
  services(): Promise<ReadonlySet<string>>;
  /** As the API gives it. */
  trail(upstream: string): Promise<unknown>;
}

/** From Consul and Kong themselves: the whole line, run without writing. */
export async function readOwnTrails(io: CommandIo): Promise<TrailSource> {
  const result = await runOnce(io, { dryRun: true, force: false, only: [] });
  const reports = new Map(result.reports.map((report) => [report.upstream, report]));
  return {
    candidates: result.reports.map(candidateOf),
    unbound: result.unbound,
    unreadable: result.reports.flatMap(({ state, binding }) =>
      state === 'waiting' && binding !== undefined ? [binding.query.service] : [],
    ),
    services: () => serviceNames(io),
    trail: async (upstream) => {
      const report = reports.get(upstream);
      if (report === undefined) throw new Error(`no upstream ${upstream} is known`);
      const inUse = result.hostsInUse.has(upstream);
      const { health, notes } = await healthOf(upstream, io);
      const told = { ...report, notes: [...report.notes, ...notes] };
      const consulFailing = report.state === 'waiting';
      return trailJson(told, { tag: tagOf(io.config), inUse, health, consulFailing });
    },
  };
}

/** From a sidecar that runs. @throws when it does not answer */
export async function readSidecarTrails(url: string, io: CommandIo): Promise<TrailSource> {
  const api = new SidecarApi(url, io.config.listenToken);
  return {
    candidates: await api.candidates(io.signal),
    unbound: [],
    unreadable: [],
    services: () => Promise.resolve(new Set()),
    trail: (upstream) => api.trail(upstream, io.signal),
  };
}

function candidateOf(report: UpstreamReport): Candidate {
  return {
    upstream: report.upstream,
    service: report.binding?.query.service,
    instances: report.verdicts.map(({ instance, target, address }) => ({ instance, target, address })),
    targets: report.present.map(({ target }) => target),
  };
}

async function healthOf(upstream: string, io: CommandIo): Promise<UpstreamHealth> {
  const kong = createKong(io.config);
  try {
    const reader = createHealthReader(io.config, await readKongInfo(kong, io.signal));
    try {
      return await reader.read(upstream, io.signal);
    } finally {
      reader.close();
    }
  } catch (error) {
    io.signal.throwIfAborted();
    return {
      health: null,
      notes: [`health is not known: ${messageOf(error)}`],
    };
  } finally {
    kong.close();
  }
}

async function serviceNames(io: CommandIo): Promise<ReadonlySet<string>> {
  const consul = createConsul(io.config);
  try {
    return await readServiceNames(consul, {}, io.config.consul.maxStaleMs, io.signal);
  } catch {
    io.signal.throwIfAborted();
    return new Set();
  } finally {
    consul.close();
  }
}
