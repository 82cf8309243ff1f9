import type { Bound } from './bound.ts';

/** What was registered: written down by whoever registers it, never read from Consul. */
export interface Instance {
  readonly service: string;
  readonly node: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly health: 'passing' | 'warning' | 'critical';
  readonly maintenance: boolean;
}

export function targetOf({ address, port }: Instance): string {
  return `${address}:${port}`;
}

export function feeds({ service, tags }: Instance, bound: Bound): boolean {
  return service === bound.service && (bound.tag === undefined || tags.includes(bound.tag));
}

/** It should get traffic for its own sake. */
export function isServing(instance: Instance, bound: Bound): boolean {
  if (instance.maintenance || !feeds(instance, bound)) return false;
  return instance.health === 'passing' || (instance.health === 'warning' && !bound.passingOnly);
}

/** It keeps the upstream from being emptied. */
export function keepsFilled(instance: Instance, bound: Bound): boolean {
  return bound.keep ? feeds(instance, bound) && !instance.maintenance : isServing(instance, bound);
}

/** `host:port` to weight, by the rules of the README and nothing of the program. */
export function expectedTargets(bound: Bound, instances: readonly Instance[]): ReadonlyMap<string, number> {
  const serving = instances.filter((instance) => isServing(instance, bound));
  const chosen = serving.length > 0 ? serving : instances.filter((instance) => keepsFilled(instance, bound));
  return new Map(chosen.map((instance) => [targetOf(instance), weightOf(instance)]));
}

function weightOf({ health, weights }: Instance): number {
  return health === 'passing' ? weights.passing : weights.warning;
}
