import { compareText } from './order.ts';

/** What one node says of its targets' health, by target. */
export interface NodeHealth {
  /** For people: the URL at which it was asked. */
  readonly node: string;
  readonly health: ReadonlyMap<string, string>;
}

/** What a node says of a target while it has not heard of the upstream. */
export const NOT_KNOWN_YET = 'not known yet';

/**
 * Every node checks health for itself, so several may differ.
 *
 * | nodes say                      | told                                     |
 * | ------------------------------ | ---------------------------------------- |
 * | one thing                      | that                                     |
 * | one thing, others do not know  | that                                     |
 * | different things               | `HEALTHY at A, B; UNHEALTHY at C`        |
 * | that they do not know          | `not known yet`                          |
 */
export function mergeHealth(nodes: readonly NodeHealth[]): ReadonlyMap<string, string> {
  const targets = [...new Set(nodes.flatMap(({ health }) => [...health.keys()]))].sort(compareText);
  return new Map(targets.map((target) => [target, wordOf(target, nodes)]));
}

/** Whether nodes differ, going by what `mergeHealth` told. */
export function isDisputed(health: string): boolean {
  return health.includes(' at ');
}

function wordOf(target: string, nodes: readonly NodeHealth[]): string {
  const words = new Map<string, string[]>();
  for (const { node, health } of nodes) {
    const word = health.get(target) ?? NOT_KNOWN_YET;
    if (word !== NOT_KNOWN_YET) words.set(word, [...(words.get(word) ?? []), node]);
  }
  const [first, ...others] = [...words].sort(([a], [b]) => compareText(a, b));
  if (first === undefined) return NOT_KNOWN_YET;
  if (others.length === 0) return first[0];
  return [first, ...others].map(([word, where]) => `${word} at ${where.join(', ')}`).join('; ');
}
