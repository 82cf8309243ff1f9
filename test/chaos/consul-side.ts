import { randomUUID } from 'node:crypto';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import type { AgentApi } from '../consul/agent-api.ts';
import { type ConsulCluster, startCluster } from '../consul/cluster.ts';

export type Setting = 'alone' | 'cluster';

const POLICY = 'chaos-sidecar';
const ALL =
  'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" } agent_prefix "" { policy = "read" }';
const NO_NODES = 'service_prefix "" { policy = "read" }';
const SOME = 'service_prefix "a" { policy = "read" } node_prefix "" { policy = "read" }';

/** Consul with ACLs on: one server, or three of which the sidecar asks the first. */
export class ConsulSide {
  readonly setting: Setting;
  readonly servers: readonly ConsulAgent[];
  readonly cluster: ConsulCluster | undefined;
  /** The sidecar's. */
  readonly token = { id: randomUUID(), accessor: randomUUID() };
  /** Writes go past this one while it is frozen. */
  #frozen: ConsulAgent | undefined;

  constructor(servers: readonly ConsulAgent[], cluster: ConsulCluster | undefined) {
    this.servers = servers;
    this.cluster = cluster;
    this.setting = cluster === undefined ? 'alone' : 'cluster';
  }

  /** The one that the sidecar asks. */
  get own(): ConsulAgent {
    const [own] = this.servers;
    if (own === undefined) throw new Error('there is no server');
    return own;
  }

  /** One that can be written to. */
  get writable(): AgentApi {
    const able = this.servers.filter((server) => server.isRunning() && server !== this.#frozen);
    return able[0] ?? this.own;
  }

  async freeze(server: ConsulAgent): Promise<void> {
    this.#frozen = server;
    await server.freeze();
  }

  thaw(): void {
    this.#frozen?.thaw();
    this.#frozen = undefined;
  }

  /** A policy and a token of that policy, as an operator makes them. */
  async createToken(): Promise<void> {
    await this.#ask('PUT', '/v1/acl/policy', { Name: POLICY, Rules: ALL });
    await this.restoreToken();
  }

  async revokeToken(): Promise<void> {
    await this.#ask('DELETE', `/v1/acl/token/${this.token.accessor}`);
  }

  async restoreToken(): Promise<void> {
    const { id: SecretID, accessor: AccessorID } = this.token;
    await this.#ask('PUT', '/v1/acl/token', { AccessorID, SecretID, Policies: [{ Name: POLICY }] });
  }

  /** The token stays, but sees less. */
  async narrowPolicy(to: 'no nodes' | 'some services'): Promise<void> {
    await this.#setRules(to === 'no nodes' ? NO_NODES : SOME);
  }

  async restorePolicy(): Promise<void> {
    await this.#setRules(ALL);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.dispose()));
  }

  async #setRules(Rules: string): Promise<void> {
    const policy = await this.#ask('GET', `/v1/acl/policy/name/${POLICY}`);
    const id = typeof policy === 'object' && policy !== null && 'ID' in policy ? String(policy.ID) : '';
    await this.#ask('PUT', `/v1/acl/policy/${id}`, { ID: id, Name: POLICY, Rules });
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return await this.writable.request(method, path, body);
  }
}

export async function startConsulSide(setting: Setting): Promise<ConsulSide> {
  const side = setting === 'alone' ? await startAlone() : await startThree();
  await side.createToken();
  return side;
}

async function startAlone(): Promise<ConsulSide> {
  return new ConsulSide([await startConsul({ acl: true })], undefined);
}

/** All three need the same management token. */
async function startThree(): Promise<ConsulSide> {
  const cluster = await startCluster(3, { acl: true, token: randomUUID() });
  return new ConsulSide(cluster.servers, cluster);
}
