import { compareText } from './order.ts';

/** A Consul check's status, maintenance apart (Consul reports that as critical checks with reserved ids). */
export type CheckStatus = 'passing' | 'warning' | 'critical';

/** One health check of an instance, node checks included. */
export interface Check {
  readonly id: string;
  readonly name: string;
  readonly status: CheckStatus;
  readonly output: string;
}

/** A Consul service instance, as one entry of `/v1/health/service/:name` tells it. */
export interface Instance {
  readonly node: string;
  readonly id: string;
  readonly service: string;
  readonly tags: readonly string[];
  readonly nodeAddress: string;
  readonly serviceAddress: string;
  readonly taggedAddresses: Readonly<Record<string, { readonly address: string; readonly port: number }>>;
  /** 0 when Consul has none. */
  readonly port: number;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly checks: readonly Check[];
}

/** The worst of all checks, and maintenance, which an operator asked for. */
export type InstanceState = CheckStatus | 'maintenance';

/** Id of the check that stands for a node in maintenance. */
export const NODE_MAINTENANCE = '_node_maintenance';
const SERVICE_MAINTENANCE = '_service_maintenance:';
const severity = { passing: 0, warning: 1, critical: 2 } as const;

/** Identity of an instance: service ids are unique per node only (traefik issue 5850). */
export function instanceKey(instance: Instance): string {
  return `${instance.node}/${instance.id}`;
}

/**
 * | checks                                              | state       |
 * | --------------------------------------------------- | ----------- |
 * | `_node_maintenance` or `_service_maintenance:*`     | maintenance |
 * | any critical (`serfHealth` and other node checks too) | critical  |
 * | any warning                                         | warning     |
 * | only passing, or none at all                        | passing     |
 */
export function instanceState(instance: Instance): InstanceState {
  let worst: CheckStatus = 'passing';
  for (const check of instance.checks) {
    if (isMaintenance(check)) return 'maintenance';
    if (severity[check.status] > severity[worst]) worst = check.status;
  }
  return worst;
}

/** All checks of an instance, those of its node too, worst first, then by id. */
export function checksWorstFirst(instance: Instance): readonly Check[] {
  return [...instance.checks].sort((a, b) => severity[b.status] - severity[a.status] || compareText(a.id, b.id));
}

/** Whether a check stands for maintenance, of the node or of one instance. */
export function isMaintenance(check: Check): boolean {
  return check.id === NODE_MAINTENANCE || check.id.startsWith(SERVICE_MAINTENANCE);
}
