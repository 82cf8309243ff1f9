import { type Balancer, checksHealth } from './balancer.ts';
import { type Entity, isRecord } from './schema.ts';

/** The targets with what `/upstreams/U/health` adds to each; nothing while the balancer does not know the upstream. */
export function withHealth(upstream: Entity, targets: readonly Entity[], balancer: Balancer): readonly Entity[] {
  if (!balancer.knows(upstream)) return targets;
  return targets.map((target) => {
    const { ip, port, weight } = parts(target);
    const health = stateOf(upstream, target, balancer);
    const data = { addresses: [{ health, ip, port, weight }], ...hostOf(upstream, target, balancer) };
    return { ...target, health, data };
  });
}

/** `?balancer_health=1`: of the upstream as a whole, undefined while the balancer does not know it. */
export function balancerHealth(upstream: Entity, targets: readonly Entity[], balancer: Balancer): Entity | undefined {
  if (!balancer.knows(upstream)) return undefined;
  const hosts = targets.map((target) => {
    const { ip, port, weight } = parts(target);
    const healthy = balancer.isHealthy(upstream, target);
    return { addresses: [{ healthy, ip, port, weight }], ...hostOf(upstream, target, balancer) };
  });
  const { healthy, weight } = weightsOf(upstream, targets, balancer);
  const state = healthy ? 'HEALTHY' : 'UNHEALTHY';
  return {
    id: upstream.id,
    health: checksHealth(upstream) ? state : 'HEALTHCHECKS_OFF',
    balancer_health: state,
    // An empty Lua table is an object in JSON.
    details: { healthy, hosts: hosts.length === 0 ? {} : hosts, weight },
  };
}

/** Below the threshold Kong answers 503 although some targets are fine. */
export function weightsOf(upstream: Entity, targets: readonly Entity[], balancer: Balancer) {
  const sum = (list: readonly Entity[]) => list.reduce((total, target) => total + Number(target.weight), 0);
  const total = sum(targets);
  const available = sum(targets.filter((target) => balancer.isHealthy(upstream, target)));
  const threshold = isRecord(upstream.healthchecks) ? Number(upstream.healthchecks.threshold) : 0;
  const healthy = total > 0 && (available * 100) / total > threshold;
  return { healthy, weight: { available, total, unavailable: total - available } };
}

/** Weight 0 is not checked. */
function stateOf(upstream: Entity, target: Entity, balancer: Balancer): string {
  if (!checksHealth(upstream) || target.weight === 0) return 'HEALTHCHECKS_OFF';
  return balancer.isHealthy(upstream, target) ? 'HEALTHY' : 'UNHEALTHY';
}

function hostOf(upstream: Entity, target: Entity, balancer: Balancer): Entity {
  const { ip, port, weight } = parts(target);
  const available = balancer.isHealthy(upstream, target) ? weight : 0;
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
