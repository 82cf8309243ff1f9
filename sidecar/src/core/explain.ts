import { assertNever } from './assert-never.ts';
import { type Check, isMaintenance, NODE_MAINTENANCE } from './instance.ts';
import type { SkipReason, Verdict } from './verdict.ts';

/** The rule that put an instance in or kept it out, as a sentence. */
export function explainVerdict(verdict: Verdict): string {
  return `${verdict.skipped === undefined ? 'target' : 'no target'}: ${verdictReason(verdict)}`;
}

/** What the rule rests on: `check http is critical`, `all its checks pass`. */
export function verdictReason({ skipped, kept, weight, state, checks }: Verdict): string {
  if (skipped !== undefined) return explainSkip(skipped, checks);
  if (kept) return `${culprits(checks, state)}; it stays a target, for too few are healthy (on_no_healthy: keep)`;
  if (weight === 0) return 'its weight in Consul is 0, so Kong sends it nothing';
  if (state === 'warning') return `${culprits(checks, 'warning')}, so it has its warning weight`;
  return checks.length === 0 ? 'Consul has no check on it' : 'all its checks pass';
}

function explainSkip(reason: SkipReason, checks: readonly Check[]): string {
  switch (reason) {
    case 'critical':
      return culprits(checks, 'critical');
    case 'warning':
      return `${culprits(checks, 'warning')}, and passing_only is set`;
    case 'maintenance':
      return maintenance(checks);
    case 'no_address':
      return 'neither the service nor its node has an address';
    case 'no_port':
      return 'it is registered without a port';
    case 'bad_port':
      return 'its port is not between 1 and 65535';
    case 'zone_id':
      return 'its IPv6 address has a zone id, which Kong refuses';
    case 'mapped_ipv6':
      return 'its address is an IPv4-mapped IPv6 address, which Kong refuses';
    case 'bad_address':
      return 'its address is neither an IP address nor a host name';
    default:
      return assertNever(reason);
  }
}

/** Names the checks in this state: `check http is critical`. */
function culprits(checks: readonly Check[], state: string): string {
  const ids = checks.filter((check) => check.status === state).map((check) => check.id);
  const node = ids.includes('serfHealth') ? ' (Consul does not reach its node)' : '';
  if (ids.length === 0) return `it is ${state}`;
  return `${ids.length === 1 ? 'check' : 'checks'} ${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'} ${state}${node}`;
}

function maintenance(checks: readonly Check[]): string {
  const check = checks.find(isMaintenance);
  const what = check?.id === NODE_MAINTENANCE ? 'its node' : 'it';
  return `somebody put ${what} in maintenance`;
}
