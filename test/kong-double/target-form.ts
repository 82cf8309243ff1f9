import net from 'node:net';

const DEFAULT_PORT = 8000;

/** A target as Kong stores it, or undefined when Kong refuses it (`kong/tools/ip.lua`, and the recorded contract). */
export function normalTarget(given: string): string | undefined {
  const bracketed = /^\[(?<host>[^\]]*)\](?::(?<port>\d+))?$/.exec(given)?.groups;
  if (bracketed !== undefined) return join(ipv6(bracketed.host ?? ''), bracketed.port);
  const colons = given.split(':').length - 1;
  if (colons > 1) return join(ipv6(given), undefined);
  const [host = '', port] = given.split(':');
  return join(ipv4(host) ?? hostName(host), port);
}

function join(host: string | undefined, port: string | undefined): string | undefined {
  if (host === undefined || (port !== undefined && !/^\d+$/.test(port))) return undefined;
  const number = port === undefined ? DEFAULT_PORT : Number(port);
  return number > 65_535 ? undefined : `${host}:${number}`;
}

function ipv4(host: string): string | undefined {
  if (!/^\d+(\.\d+){3}$/.test(host)) return undefined;
  const octets = host.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? octets.join('.') : undefined;
}

function hostName(host: string): string | undefined {
  if (/^[\d.]+$/.test(host)) return undefined;
  const isName = /^[0-9A-Za-z\-._]+$/.test(host) && host.split('.').every((label) => !label.endsWith('-'));
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
