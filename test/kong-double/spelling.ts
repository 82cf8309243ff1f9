import net from 'node:net';

const DEFAULT_PORT = 8000;

/** A target as Kong stores it, or undefined when Kong refuses it (`kong/tools/ip.lua`, and the recorded contract). */
export function normalTarget(given: string): string | undefined {
  const bracketed = /^\[(?<host>[^\]]*)\](?::(?<port>\d+))?$/.exec(given)?.groups;
  if (bracketed !== undefined) return join(ipv6(bracketed.host ?? ''), bracketed.port);
  const colons = given.split(':').length - 1;
  if (colons > 1) return join(ipv6(given), undefined);
  const [host = '', port] = given.split(':');
  return join(/^[\d.]+$/.test(host) ? ipv4(host) : hostName(host), port);
}

/** `validate_name` of `kong/db/schema/entities/upstreams.lua`. */
export function upstreamNameError(name: string): string | undefined {
  const head = `Invalid name ('${name}')`;
  const target = normalTarget(name);
  if (target === undefined) return `${head}; must be a valid hostname`;
  if (target.startsWith('[') || /^[\d.]+:\d+$/.test(target)) return `${head}; no ip addresses allowed`;
  return name.includes(':') ? `${head}; no port allowed` : undefined;
}

/** Printable ASCII but `,` and `/`, or UTF-8 (`validate_tag` of `kong/db/schema/typedefs.lua`). */
export function tagError(tag: string): string | undefined {
  if (/^[ -+\-.0-~\u0080-\u{10ffff}]+$/u.test(tag)) return undefined;
  return `invalid tag '${tag}': expected printable ascii (except \`,\` and \`/\`) or valid utf-8 sequences`;
}

function join(host: string | undefined, port: string | undefined): string | undefined {
  if (host === undefined || (port !== undefined && !/^\d+$/.test(port))) return undefined;
  const number = port === undefined ? DEFAULT_PORT : Number(port);
  return number > 65_535 ? undefined : `${host}:${number}`;
}

function ipv4(host: string): string | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return undefined;
  const octets = host.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? octets.join('.') : undefined;
}

function hostName(host: string): string | undefined {
  const labels = host.split('.');
  const isName =
    /^[0-9A-Za-z\-._]+$/.test(host) &&
    labels.every((label, at) => !label.endsWith('-') && (label !== '' || at === labels.length - 1));
  return isName ? host : undefined;
}

function ipv6(host: string): string | undefined {
  if (!net.isIPv6(host) || host.includes('%') || host.includes('.')) return undefined;
  const [head = '', tail = ''] = host.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - left.length - right.length).fill('0');
  return `[${[...left, ...zeros, ...right].map((group) => group.toLowerCase().padStart(4, '0')).join(':')}]`;
}
