/** Where the HTTP side listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with an IPv6 host in brackets; no host is every address. `off` is null, anything else undefined. */
export function parseListen(text: string): ListenAddress | null | undefined {
  if (text === 'off') return null;
  const match = /^(?<host>\[[0-9a-fA-F:]+\]|[^:]*):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.port);
  if (match?.groups?.host === undefined || port > 65_535) return undefined;
  const host = match.groups.host.replace(/^\[|\]$/g, '');
  return { host: host === '' ? '0.0.0.0' : host, port };
}
