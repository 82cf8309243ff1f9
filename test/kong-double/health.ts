import { type Balancer, checksHealth } from './balancer.ts';
import type { AdminAnswer } from './errors.ts';
import type { Entity } from './schema.ts';

/** `/upstreams/U/health`, of each target or, with `?balancer_health=1`, of the whole. */
export function health(
  upstream: Entity,
  targets: readonly Entity[],
  balancer: Balancer,
  view: { readonly nodeId: string; readonly whole: boolean },
): AdminAnswer {
  const envelope = { next: null, node_id: view.nodeId };
  const isKnown = balancer.knows(upstream);
  if (view.whole) {
    return { status: 200, body: { ...envelope, ...(isKnown && { data: whole(upstream, targets, balancer) }) } };
  }
  const data = targets.map((target) => (isKnown ? { ...target, ...one(upstream, target, balancer) } : target));
  return { status: 200, body: { ...envelope, data } };
}

function one(upstream: Entity, target: Entity, balancer: Balancer): Entity {
  const status = !checksHealth(upstream) ? 'HEALTHCHECKS_OFF' : balancer.isHealthy(target) ? 'HEALTHY' : 'UNHEALTHY';
  const { ip, port, weight } = parts(target);
  const details = { addresses: [{ health: status, ip, port, weight }], ...host(target, balancer) };
  return { health: status, data: details };
}

function whole(upstream: Entity, targets: readonly Entity[], balancer: Balancer): Entity {
  const hosts = targets.map((target) => {
    const { ip, port, weight } = parts(target);
    return { addresses: [{ healthy: balancer.isHealthy(target), ip, port, weight }], ...host(target, balancer) };
  });
  const total = targets.reduce((sum, target) => sum + Number(target.weight), 0);
  const available = targets
    .filter((target) => balancer.isHealthy(target))
    .reduce((sum, target) => sum + Number(target.weight), 0);
  const healthy = available > 0;
  const weight = { available, total, unavailable: total - available };
  const state = healthy ? 'HEALTHY' : 'UNHEALTHY';
  return {
    id: upstream.id,
    health: checksHealth(upstream) ? state : 'HEALTHCHECKS_OFF',
    balancer_health: state,
    // An empty Lua table is an object in JSON.
    details: { healthy, hosts: hosts.length === 0 ? {} : hosts, weight },
  };
}

function host(target: Entity, balancer: Balancer): Entity {
  const { ip, port, weight } = parts(target);
  const available = balancer.isHealthy(target) ? weight : 0;
  return {
    dns: 'A',
    host: ip,
    nodeWeight: weight,
    port,
    weight: { available, total: weight, unavailable: weight - available },
  };
}

function parts(target: Entity): { readonly ip: string; readonly port: number; readonly weight: number } {
  const text = String(target.target);
  const at = text.lastIndexOf(':');
  return { ip: text.slice(0, at), port: Number(text.slice(at + 1)), weight: Number(target.weight) };
}
