import { KongUnsupportedError } from './errors.ts';
import type { KongInfo } from './info.ts';

/** What one of several Admin APIs says of itself; undefined while it does not answer. */
export interface Asked {
  readonly url: string;
  readonly info: KongInfo | undefined;
}

/** Several Admin APIs as what is written to: each with those that may stand in for it. */
export interface KongTarget {
  readonly url: string;
  /** Nodes of the same database. */
  readonly standbyUrls: readonly string[];
}

/**
 * | the Admin APIs that answer          | are                                                         |
 * | ----------------------------------- | ----------------------------------------------------------- |
 * | all without a database              | a fleet: each is written to, those that are silent too      |
 * | all with the same database          | one cluster: the first is written to, the others stand in   |
 * | with different databases            | refused                                                     |
 * | some with a database, some without  | refused                                                     |
 *
 * @throws KongUnsupportedError that names them
 */
export function sortKongs(asked: readonly Asked[]): readonly KongTarget[] {
  const answered = asked.flatMap(({ url, info }) => (info === undefined ? [] : [{ url, info }]));
  const fleet = answered.filter(({ info }) => info.database === 'off');
  const nodes = answered.filter(({ info }) => info.database !== 'off');
  if (fleet.length > 0 && nodes.length > 0) {
    throw new KongUnsupportedError(
      `kong.admin_url mixes Kongs without a database (${urlsOf(fleet)}) with Kongs that have one (${urlsOf(nodes)}): give each kind a kong-consul of its own`,
    );
  }
  if (fleet.length > 0) return asked.map(({ url }) => ({ url, standbyUrls: [] }));
  const clusters = new Map(
    nodes.map((node) => [clusterOf(node), nodes.filter((other) => clusterOf(other) === clusterOf(node))]),
  );
  if (clusters.size > 1) {
    const listed = [...clusters.values()].map(urlsOf).join(' and ');
    throw new KongUnsupportedError(
      `kong.admin_url lists Kongs of different databases (${listed}): give each database a kong-consul of its own`,
    );
  }
  const [first, ...others] = nodes;
  return first === undefined ? [] : [{ url: first.url, standbyUrls: others.map(({ url }) => url) }];
}

/** One that does not tell is alone. */
function clusterOf({ url, info }: { readonly url: string; readonly info: KongInfo }): string {
  return info.cluster ?? url;
}

function urlsOf(list: readonly { readonly url: string }[]): string {
  return list.map(({ url }) => url).join(', ');
}
