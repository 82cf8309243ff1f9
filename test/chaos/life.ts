import { setTimeout as wait } from 'node:timers/promises';
import { SERVICES, SLOTS } from './bound.ts';
import type { Model } from './model.ts';
import type { Random } from './random.ts';
import { AGENT_NODE, type Registry } from './registry.ts';
import type { Instance } from './rules.ts';

const FEW_INSTANCES = 12;
const NODES = 3;
const WEIGHTS = [1, 3, 10] as const;

/** What services and their operators do all day, at random. */
export class Life {
  readonly #random: Random;
  readonly #model: Model;
  readonly #registry: Registry;
  /** Whether the first instance of each service is on the agent's own node. */
  readonly #withAgentNode: boolean;

  constructor(parts: {
    readonly random: Random;
    readonly model: Model;
    readonly registry: Registry;
    readonly withAgentNode: boolean;
  }) {
    this.#random = parts.random;
    this.#model = parts.model;
    this.#registry = parts.registry;
    this.#withAgentNode = parts.withAgentNode;
  }

  /** Two to four instances of each service. */
  async populate(): Promise<void> {
    for (const service of SERVICES) {
      const slots = this.#random.shuffle(slotsOf()).slice(0, this.#random.between(2, 4));
      await Promise.all(slots.map((slot) => this.#registry.put(this.#create(service, slot))));
    }
  }

  /** So many random moves, spread over a time. */
  async goesOn(moves: number, overMs: number): Promise<void> {
    for (let left = moves; left > 0; left -= 1) {
      await this.move();
      await wait(this.#random.next() * 2 * (overMs / moves));
    }
  }

  async move(): Promise<void> {
    if (this.#model.list().length < FEW_INSTANCES) return await this.register();
    const moves = [
      () => this.register(),
      () => this.deregister(),
      () => this.setHealth('critical'),
      () => this.setHealth('warning'),
      () => this.setHealth('passing'),
      () => this.setHealth('passing'),
      () => this.flap(),
      () => this.maintenance(),
      () => this.nodeMaintenance(),
      () => this.reweigh(),
      () => this.deploy(),
    ];
    await this.#random.pick(moves)();
  }

  async register(): Promise<void> {
    const service = this.#random.pick(SERVICES);
    const free = slotsOf().filter((slot) => this.#model.get(idOf(service, slot)) === undefined);
    if (free.length > 0) await this.#registry.put(this.#create(service, this.#random.pick(free)));
  }

  async deregister(): Promise<void> {
    await this.#withOne((instance) => this.#registry.drop(instance));
  }

  async setHealth(health: Instance['health']): Promise<void> {
    await this.#withOne((instance) => this.#registry.put({ ...instance, health }));
  }

  /** Critical and back, up to five times, each for a moment. */
  async flap(): Promise<void> {
    await this.#withOne(async (instance) => {
      for (let times = this.#random.between(1, 5); times > 0; times -= 1) {
        await this.#registry.put({ ...instance, health: 'critical' });
        await wait(this.#random.next() * 300);
        await this.#registry.put({ ...instance, health: 'passing' });
        await wait(this.#random.next() * 300);
      }
    });
  }

  async maintenance(): Promise<void> {
    await this.#withOne((instance) => this.#registry.put({ ...instance, maintenance: !instance.maintenance }));
  }

  async nodeMaintenance(): Promise<void> {
    const nodes = [...new Set(this.#model.list().map(({ node }) => node))].sort();
    const drained = nodes.find((node) => this.#model.isInMaintenance(node));
    if (drained !== undefined) await this.#registry.setNodeMaintenance(drained, false);
    else if (nodes.length > 0) await this.#registry.setNodeMaintenance(this.#random.pick(nodes), true);
  }

  async reweigh(): Promise<void> {
    const weights = { passing: this.#random.pick(WEIGHTS), warning: this.#random.pick(WEIGHTS) };
    await this.#withOne((instance) => this.#registry.put({ ...instance, weights }));
  }

  /** New instances come, then the old ones go. */
  async deploy(): Promise<void> {
    const service = this.#random.pick(SERVICES);
    const old = this.#instancesOf(service);
    const free = slotsOf().filter((slot) => this.#model.get(idOf(service, slot)) === undefined);
    for (const slot of free.slice(0, 2)) await this.#registry.put(this.#create(service, slot));
    if (free.length > 0) await Promise.all(old.map((instance) => this.#registry.drop(instance)));
  }

  /** The last instances of a service go, all at once. */
  async serviceGoes(): Promise<void> {
    const service = this.#random.pick(SERVICES);
    await Promise.all(this.#instancesOf(service).map((instance) => this.#registry.drop(instance)));
  }

  #instancesOf(service: string): readonly Instance[] {
    return this.#model.list().filter((instance) => instance.service === service);
  }

  async #withOne(move: (instance: Instance) => Promise<void>): Promise<void> {
    const instances = this.#model.list();
    if (instances.length > 0) await move(this.#random.pick(instances));
  }

  #create(service: string, slot: number): Instance {
    const number = SERVICES.indexOf(service) + 1;
    const isOnAgent = slot === 0 && this.#withAgentNode;
    return {
      service,
      node: isOnAgent ? AGENT_NODE : `node-${(slot + number) % NODES}`,
      id: idOf(service, slot),
      address: `10.${number}.0.${slot + 1}`,
      port: 8000 + slot,
      tags: slot % 2 === 1 ? ['v2'] : ['v1'],
      weights: { passing: this.#random.pick(WEIGHTS), warning: this.#random.pick(WEIGHTS) },
      health: 'passing',
      maintenance: false,
    };
  }
}

function idOf(service: string, slot: number): string {
  return `${service}-${slot}`;
}

function slotsOf(): readonly number[] {
  return Array.from({ length: SLOTS }, (_, slot) => slot);
}
