const PREFIX = '#/';

/** The address of an upstream's trail. */
export function hrefOf(upstream: string): string {
  return `${PREFIX}${encodeURIComponent(upstream)}`;
}

/** The upstream that the address names. */
export function upstreamOf(hash: string): string | undefined {
  if (!hash.startsWith(PREFIX) || hash.length === PREFIX.length) return undefined;
  try {
    return decodeURIComponent(hash.slice(PREFIX.length));
  } catch {
    return undefined;
  }
}
