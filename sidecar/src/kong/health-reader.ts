import { mergeHealth, type NodeHealth } from '../core/node-health.ts';
import { messageOf } from '../net/message-of.ts';
import type { KongClient } from './client.ts';
import { readTargetHealth } from './target-health.ts';

/** Kong's own health of an upstream's targets. */
export interface UpstreamHealth {
  /** By target; null when no node could be asked. */
  readonly health: ReadonlyMap<string, string> | null;
  /** One sentence for each node that could not be asked. */
  readonly notes: readonly string[];
}

/** Asks every node that has a balancer, side by side. */
export class HealthReader {
  readonly #nodes: readonly KongClient[];
  readonly #notes: readonly string[];

  /** `notes`: what is to be told with every answer, such as why there are no nodes. */
  constructor(nodes: readonly KongClient[], notes: readonly string[] = []) {
    this.#nodes = nodes;
    this.#notes = notes;
  }

  async read(upstream: string, signal: AbortSignal): Promise<UpstreamHealth> {
    const answers: NodeHealth[] = [];
    const notes = [...this.#notes];
    await Promise.all(
      this.#nodes.map(async (client) => {
        try {
          answers.push({ node: client.displayUrl, health: await readTargetHealth(client, upstream, signal) });
        } catch (error) {
          signal.throwIfAborted();
          notes.push(`health is not known: ${messageOf(error)}`);
        }
      }),
    );
    // In the order of the nodes, whichever answers first.
    answers.sort((a, b) => this.#position(a.node) - this.#position(b.node));
    return { health: answers.length === 0 ? null : mergeHealth(answers), notes: notes.sort() };
  }

  close(): void {
    for (const node of this.#nodes) node.close();
  }

  #position(node: string): number {
    return this.#nodes.findIndex(({ displayUrl }) => displayUrl === node);
  }
}
