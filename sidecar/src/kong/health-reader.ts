import { mergeHealth, type NodeHealth } from '../core/node-health.ts';
import { deadline } from '../net/deadline.ts';
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

/** A node that is slow, or gone without a word, must not hide what the others say. */
const NODE_MS = 2_000;

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
        using limit = deadline(signal, NODE_MS);
        try {
          answers.push({ node: client.displayUrl, health: await readTargetHealth(client, upstream, limit.signal) });
        } catch (error) {
          signal.throwIfAborted();
          const late = `Kong at ${client.displayUrl} did not answer within ${NODE_MS / 1000} s`;
          notes.push(`health is not known: ${limit.expired() ? late : messageOf(error)}`);
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
