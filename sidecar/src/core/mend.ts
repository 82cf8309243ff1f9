import { assertNever } from './assert-never.ts';
import { isMaintenance, NODE_MAINTENANCE } from './instance.ts';
import type { Traffic } from './traffic.ts';
import type { SkipReason, Verdict } from './verdict.ts';

/** What was decided, and what Kong holds. */
export interface Decided extends Pick<Traffic, 'gets' | 'decidedBy'> {
  /** Weight in Kong; undefined when Kong does not hold it. */
  readonly weight: number | undefined;
  /** Kong's own word; undefined when it could not be asked. */
  readonly health: string | undefined;
}

/** What a person can do so that an instance gets traffic, or gets it by right; undefined: nothing, or it is not known. */
export function mendOf(verdict: Verdict, { gets, decidedBy, weight, health }: Decided): string | undefined {
  if (gets === 'unknown') return undefined;
  if (verdict.kept) return 'mend what the checks say: once enough instances pass, those that fail are taken out';
  if (gets === 'yes') return undefined;
  if (verdict.skipped !== undefined) return mendSkipped(verdict, verdict.skipped);
  if (weight === 0) return 'raise its Weights where it is registered';
  return decidedBy === 'Kong' ? mendInKong(verdict, health) : undefined;
}

function mendInKong({ target = 'it' }: Verdict, health: string | undefined): string {
  if (health === 'DNS_ERROR') return 'register an IP address, or let Kong resolve the name';
  return `try ${target} from Kong's machine, and see the upstream's healthchecks: Kong takes it back once its own checks succeed`;
}

function mendSkipped(verdict: Verdict, reason: SkipReason): string {
  switch (reason) {
    case 'critical':
      return mendCritical(verdict);
    case 'warning':
      return 'mend what the check says, or take passing_only out of the binding';
    case 'maintenance':
      return endMaintenance(verdict);
    case 'no_address':
      return 'register it with an address';
    case 'no_port':
      return 'register it with a port, or set "port" in the binding';
    case 'bad_port':
      return 'register it with a port from 1 to 65535';
    case 'zone_id':
      return 'register its address without the zone id';
    case 'mapped_ipv6':
      return 'register the IPv4 address itself';
    case 'bad_address':
      return 'register an IP address or a host name';
    default:
      return assertNever(reason);
  }
}

function mendCritical({ instance, checks }: Verdict): string {
  const isNodeGone = checks.some(({ id, status }) => id === 'serfHealth' && status === 'critical');
  if (!isNodeGone) return 'mend what the check says: it is a target again as soon as Consul calls it passing';
  return `see whether ${nodeOf(instance)} is up and its Consul agent runs: it is a target again as soon as Consul reaches it`;
}

function endMaintenance({ instance, checks }: Verdict): string {
  const isOfNode = checks.find(isMaintenance)?.id === NODE_MAINTENANCE;
  const id = instance.slice(nodeOf(instance).length + 1);
  return `on ${nodeOf(instance)}, when the work is done: consul maint -disable${isOfNode ? '' : ` -service=${id}`}`;
}

/** A node's name has no slash in it. */
function nodeOf(instance: string): string {
  return instance.split('/', 1)[0] ?? instance;
}
