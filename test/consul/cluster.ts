import { setTimeout as wait } from 'node:timers/promises';
import { type ConsulAgent, createConsul } from './agent.ts';
import type { ConsulAgentOptions } from './agent-config.ts';
import { freePorts } from './ports.ts';

const ELECTION_MS = 30_000;

/** Several real Consul servers that elect a leader. */
export class ConsulCluster {
  readonly servers: readonly ConsulAgent[];

  constructor(servers: readonly ConsulAgent[]) {
    this.servers = servers;
  }

  /** The server that leads, as soon as all running ones name the same one. */
  async leader(): Promise<ConsulAgent> {
    const untilMs = performance.now() + ELECTION_MS;
    while (performance.now() < untilMs) {
      const named = new Set(await Promise.all(this.#running().map(leaderAddress)));
      const leader = this.#running().find(({ rpcAddress }) => named.size === 1 && named.has(rpcAddress));
      if (leader !== undefined) return leader;
      await wait(50);
    }
    throw new Error(`no leader in ${ELECTION_MS} ms:\n${this.servers.map((server) => server.logTail()).join('\n')}`);
  }

  /** Kills the leader and gives it back, for `start` or `restart` later. Does not wait for the next one. */
  async killLeader(): Promise<ConsulAgent> {
    const leader = await this.leader();
    await leader.stop();
    return leader;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.dispose()));
  }

  #running(): readonly ConsulAgent[] {
    return this.servers.filter((server) => server.isRunning());
  }
}

/** Starts servers that know each other and waits until they have a leader. */
export async function startCluster(size = 3, options: ConsulAgentOptions = {}): Promise<ConsulCluster> {
  const ports = await freePorts(size);
  const join = ports.map(({ lan }) => `127.0.0.1:${lan}`);
  const members = ports.map((own, at) => createConsul(options, { node: `server-${at + 1}`, servers: size, join }, own));
  const cluster = new ConsulCluster(await Promise.all(members));
  try {
    await Promise.all(cluster.servers.map((server) => server.start()));
    await cluster.leader();
  } catch (error) {
    await cluster.dispose();
    throw error;
  }
  return cluster;
}

async function leaderAddress(server: ConsulAgent): Promise<unknown> {
  return await server.request('GET', '/v1/status/leader').catch(() => undefined);
}
