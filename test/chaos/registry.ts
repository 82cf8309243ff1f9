import { setTimeout as wait } from 'node:timers/promises';
import type { AgentApi } from '../consul/agent-api.ts';
import type { Model } from './model.ts';
import type { Random } from './random.ts';
import type { Instance } from './rules.ts';

/** The Consul agent's own node: its instances are registered through the agent API, all others in the catalog. */
export const AGENT_NODE = 'server-1';
const RANKS = { passing: 4, warning: 3, critical: 2 } as const;
const GIVE_UP_MS = 30_000;

/**
 * Writes to Consul and to the model. What takes something away from an instance is in the model before it is in Consul,
 * what gives something is there afterwards: the model never credits what the sidecar could not know.
 */
export class Registry {
  readonly #model: Model;
  readonly #api: () => AgentApi;

  constructor(model: Model, api: () => AgentApi) {
    this.#model = model;
    this.#api = api;
  }

  /** Registers it, or changes it into this. */
  async put(instance: Instance): Promise<void> {
    const before = this.#model.get(instance.id);
    const gains = rank(instance) > rank(before);
    if (!gains) this.#model.set(instance);
    await this.#persist((api) =>
      instance.node === AGENT_NODE ? putAtAgent(api, instance, before) : putInCatalog(api, instance, before),
    );
    if (gains) this.#model.set(instance);
  }

  async drop({ id, node }: Instance): Promise<void> {
    this.#model.delete(id);
    await this.#persist((api) => (node === AGENT_NODE ? api.deregister(id) : api.catalogDeregister(node, id)));
  }

  async setNodeMaintenance(node: string, on: boolean): Promise<void> {
    if (on) this.#model.setNodeMaintenance(node, on);
    await this.#persist((api) => (node === AGENT_NODE ? api.nodeMaintenance(on) : setNodeCheck(api, node, on)));
    if (!on) this.#model.setNodeMaintenance(node, on);
  }

  /** Registers all of them again, in any order, a few at once. */
  async restore(instances: readonly Instance[], random: Random): Promise<void> {
    await Promise.all(random.shuffle(instances).map((instance) => this.put(instance)));
  }

  /** Consul refuses writes for a moment whenever it has no leader. */
  async #persist(write: (api: AgentApi) => Promise<void>): Promise<void> {
    const untilMs = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        return await write(this.#api());
      } catch (error) {
        if (performance.now() > untilMs) throw error;
        await wait(50);
      }
    }
  }
}

function rank(instance: Instance | undefined): number {
  if (instance === undefined) return 0;
  return instance.maintenance ? 1 : RANKS[instance.health];
}

async function putAtAgent(api: AgentApi, instance: Instance, before: Instance | undefined): Promise<void> {
  const { id, service, address, port, tags, weights, health, maintenance } = instance;
  const check = `check-${id}`;
  if (!isSameEntry(instance, before)) {
    await api.register({
      ...{ ID: id, Name: service, Address: address, Port: port, Tags: tags },
      Weights: { Passing: weights.passing, Warning: weights.warning },
      Check: { CheckID: check, Name: 'alive', TTL: '24h', Status: health },
    });
  }
  // Only a status that was set is kept over a restart.
  await api.setCheck(check, health);
  if (maintenance !== (before?.maintenance ?? false)) await api.maintenance(id, maintenance);
}

async function putInCatalog(api: AgentApi, instance: Instance, before: Instance | undefined): Promise<void> {
  const { id, service, node, address, port, tags, weights, health, maintenance } = instance;
  const check = { Node: node, ServiceID: id, CheckID: `check-${id}`, Name: 'alive', Status: health };
  const drained = { Node: node, ServiceID: id, CheckID: `_service_maintenance:${id}`, Name: 'm', Status: 'critical' };
  await api.catalog({
    ...{ Node: node, Address: '10.99.0.1', SkipNodeUpdate: true },
    Service: {
      ...{ ID: id, Service: service, Address: address, Port: port, Tags: tags },
      Weights: { Passing: weights.passing, Warning: weights.warning },
    },
    Checks: maintenance ? [check, drained] : [check],
  });
  if (!maintenance && before?.maintenance === true)
    await api.request('PUT', '/v1/catalog/deregister', { Node: node, CheckID: drained.CheckID });
}

async function setNodeCheck(api: AgentApi, node: string, on: boolean): Promise<void> {
  const CheckID = '_node_maintenance';
  if (!on) return void (await api.request('PUT', '/v1/catalog/deregister', { Node: node, CheckID }));
  const Check = { Node: node, CheckID, Name: 'Node Maintenance Mode', Status: 'critical' };
  await api.catalog({ Node: node, Address: '10.99.0.1', SkipNodeUpdate: true, Check });
}

function isSameEntry(instance: Instance, before: Instance | undefined): boolean {
  if (before === undefined) return false;
  const entry = ({ address, port, tags, weights }: Instance) => JSON.stringify([address, port, tags, weights]);
  return entry(instance) === entry(before);
}
