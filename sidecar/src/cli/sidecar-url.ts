import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { isHttpUrl } from '../config/url.ts';

/** Addresses to listen on that nobody can connect to. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Where `--sidecar` looks: the URL given, or what `listen` says when none is. Undefined when the flag is not there.
 * @throws ConfigError when that is no place to look
 */
export function sidecarUrl(flag: string | true | undefined, { listen }: Config): string | undefined {
  if (flag === undefined) return undefined;
  if (flag === true) {
    if (listen === undefined) throw new ConfigError(['--sidecar needs a URL, for listen is off']);
    const host = EVERYWHERE[listen.host] ?? listen.host;
    return `http://${host.includes(':') ? `[${host}]` : host}:${listen.port}`;
  }
  const url = flag.includes('://') ? flag : `http://${flag}`;
  if (!isHttpUrl(url) || new URL(url).username !== '')
    throw new ConfigError(['--sidecar: expected host:port or an http:// URL without a user and a query']);
  return url;
}
