/** A target in Kong's canonical form, or why Kong would refuse the address. */
export type Canonical =
  | { readonly ok: true; readonly target: string; readonly kind: 'ipv4' | 'ipv6' | 'name' }
  | {
      readonly ok: false;
      readonly reason: 'no_address' | 'no_port' | 'bad_port' | 'zone_id' | 'mapped_ipv6' | 'bad_address';
    };

const MAX_PORT = 65_535;
/** DNS knows no longer name, and no IP address comes near it. */
const MAX_HOST = 255;
const IPV4 = /^\d{1,5}(\.\d{1,5}){3}$/;
const DIGITS_AND_DOTS = /^[\d.]+$/;
const HOST_NAME = /^[0-9A-Za-z\-._]+$/;

/**
 * `host:port` as Kong stores it (`kong/db/dao/targets.lua`, `kong/tools/ip.lua`, and the recorded contract), so that what
 * is compared with Kong's answer is equal to the byte.
 *
 * | host              | becomes                                    |
 * | ----------------- | ------------------------------------------ |
 * | IPv4              | no leading zeros                           |
 * | IPv6              | eight groups of four, lower case, brackets |
 * | host name         | as typed                                   |
 * | nothing but digits and dots, and no IPv4 | refused             |
 * | zone id, IPv4-mapped IPv6, port 0, no port | refused           |
 */
export function canonicalTarget(host: string, port: number): Canonical {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (bare === '') return { ok: false, reason: 'no_address' };
  if (port === 0) return { ok: false, reason: 'no_port' };
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) return { ok: false, reason: 'bad_port' };
  if (bare.length > MAX_HOST) return { ok: false, reason: 'bad_address' };
  if (bare.includes('%')) return { ok: false, reason: 'zone_id' };
  if (bare.includes(':')) return canonicalIpv6(bare, port);
  if (IPV4.test(bare)) return canonicalIpv4(bare, port);
  if (!isHostName(bare)) return { ok: false, reason: 'bad_address' };
  return { ok: true, target: `${bare}:${port}`, kind: 'name' };
}

/** Whether Kong takes a Service's `host` for an IP address (`hostname_type` in `kong/tools/ip.lua`): no upstream can be named so. */
export function isIpAddress(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return DIGITS_AND_DOTS.test(bare) || bare.includes(':');
}

/** Kong names an upstream by a host name: no IP address, no port, no path. */
export function isUpstreamName(name: string): boolean {
  return isHostName(name) && !isIpAddress(name);
}

function canonicalIpv4(host: string, port: number): Canonical {
  const octets = host.split('.').map(Number);
  if (octets.some((octet) => octet > 255)) return { ok: false, reason: 'bad_address' };
  return { ok: true, target: `${octets.join('.')}:${port}`, kind: 'ipv4' };
}

function canonicalIpv6(host: string, port: number): Canonical {
  if (/^(0*:)*:?(0*:)*ffff:\d+\.\d+\.\d+\.\d+$/i.test(host)) return { ok: false, reason: 'mapped_ipv6' };
  const groups = expandIpv6(host);
  if (groups === undefined) return { ok: false, reason: 'bad_address' };
  return { ok: true, target: `[${groups.join(':')}]:${port}`, kind: 'ipv6' };
}

function expandIpv6(host: string): readonly string[] | undefined {
  const halves = host.split('::');
  if (halves.length > 2) return undefined;
  const [head = '', tail] = halves;
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...new Array<string>(missing).fill('0'), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.map((group) => group.toLowerCase().padStart(4, '0'));
}

/** Kong refuses a label that ends in `-`, and an empty one other than after a final dot. */
function isHostName(host: string): boolean {
  if (host.length > MAX_HOST || !HOST_NAME.test(host) || DIGITS_AND_DOTS.test(host)) return false;
  if (host.startsWith('.') || host.includes('..')) return false;
  return host.split('.').every((label) => !label.endsWith('-'));
}
