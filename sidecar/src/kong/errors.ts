import { shortened } from '../net/foreign-text.ts';

/** Kong answered with a status that is no success. */
export class KongStatusError extends Error {
  override readonly name = 'KongStatusError';
  readonly status: number;
  /** Kong's own message. */
  readonly kongMessage: string;
  readonly retryAfterMs: number | undefined;

  constructor(request: string, status: number, kongMessage: string, retryAfterMs: number | undefined) {
    super(`Kong answered ${status} to ${shortened(request)}: ${kongMessage}`);
    this.status = status;
    this.kongMessage = kongMessage;
    this.retryAfterMs = retryAfterMs;
  }

  /** Worth another try: 429 and 5xx. */
  get isPassing(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

/** What a request was sent to: a data plane has a Status API only. */
export type KongApi = 'Admin API' | 'Status API';

/** No usable answer: not reachable, too slow, cut off. */
export class KongUnreachableError extends Error {
  override readonly name = 'KongUnreachableError';

  constructor(request: string, url: string, reason: string, api: KongApi = 'Admin API') {
    super(`Kong's ${api} at ${url} gave no answer to ${shortened(request)}: ${reason}`);
  }
}

/** Something answered, but not as Kong's Admin API does. */
export class NotKongError extends Error {
  override readonly name = 'NotKongError';

  constructor(request: string, url: string, reason: string, api: KongApi = 'Admin API') {
    const key = api === 'Admin API' ? 'kong.admin_url' : 'kong.status_url';
    super(`${url} does not answer ${shortened(request)} as Kong's ${api}: ${shortened(reason)}. Check ${key}`);
  }
}

/** What Kong holds is not what we remember: read it again and plan anew. */
export class KongChangedError extends Error {
  override readonly name = 'KongChangedError';

  constructor(what: string, options?: ErrorOptions) {
    super(`Kong's state changed under us: ${what}`, options);
  }
}

/** What a removal rested on changed while it waited to be sent: plan anew. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError';

  constructor(request: string) {
    super(`${request} was not sent: what it rested on has changed`);
  }
}

/** This Kong cannot do what is asked of it, whatever is retried. */
export class KongUnsupportedError extends Error {
  override readonly name = 'KongUnsupportedError';
}
