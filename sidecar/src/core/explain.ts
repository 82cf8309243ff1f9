import { assertNever } from './assert-never.ts';
import type { SkipReason, Verdict } from './verdict.ts';

/** The rule that put an instance in or kept it out, as a sentence. */
export function explainVerdict(verdict: Verdict): string {
  if (verdict.skipped !== undefined) return `no target: ${explainSkip(verdict.skipped)}`;
  if (verdict.kept) return `target although ${verdict.state}: too few instances are healthy, on_no_healthy is keep`;
  if (verdict.weight === 0) return 'target with weight 0: its Consul weight is 0, so Kong sends it nothing';
  return `target: ${verdict.state}`;
}

function explainSkip(reason: SkipReason): string {
  switch (reason) {
    case 'critical':
      return 'a check is critical';
    case 'warning':
      return 'a check is in warning, and passing_only is set';
    case 'maintenance':
      return 'it is in maintenance';
    case 'no_address':
      return 'neither the service nor its node has an address';
    case 'no_port':
      return 'it has no port; register one, or set "port" on the binding';
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
