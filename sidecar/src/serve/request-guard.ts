import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|::1)$/;

/** Whether an address to listen on is reached from this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * Whether the request was meant for this machine. A page from elsewhere can make its own host name resolve to 127.0.0.1
 * and would then be of the same origin as we are, but it cannot choose another `Host` (DNS rebinding). Without a `Host`
 * (HTTP/1.0) no browser is asking.
 */
export function isForLoopback(host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  return isLoopback(name) || name.endsWith('.localhost');
}

/** Whether a page of another site asks behind the back of who looks at it: links are fine, all else is not. */
export function isFromElsewhere({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate';
}

/** Whether the request carries the token, compared in a time that tells nothing. */
export function carriesToken(request: IncomingMessage, token: string): boolean {
  const given = /^bearer +(.*)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
