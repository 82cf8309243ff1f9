/** Whether it is the base of an HTTP API: no query, and userinfo that can be decoded. */
export function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username, password } = new URL(text);
  const isHttp = protocol === 'http:' || protocol === 'https:';
  return isHttp && search === '' && hash === '' && isDecodable(username) && isDecodable(password);
}

/** An address as Consul's own CLI takes it, as a URL; undefined when it is none. */
export function consulUrl(addr: string): string | undefined {
  if (addr.startsWith('unix://')) return /^unix:\/\/\/./.test(addr) ? addr : undefined;
  const url = addr.includes('://') ? addr : `http://${addr}`;
  return isHttpUrl(url) ? url : undefined;
}

/** As in Consul's CLI, TLS that was asked for is never left out, whatever the address says (`NewClient` in its `api.go`). */
export function overTls(url: string): string {
  return url.replace(/^http:/i, 'https:');
}

/** A URL to show: no userinfo, no query. It need not be a good one, so everything up to the last `@` goes. */
export function maskUrl(url: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?([\s\S]*)$/i.exec(url) ?? [];
  const at = rest.lastIndexOf('@');
  const shown = at < 0 ? rest : `***${rest.slice(at)}`;
  return `${scheme}${shown.replace(/([?#])[\s\S]*$/, '$1***')}`;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
