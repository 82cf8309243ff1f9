import type { DistrustReason } from '../core/trust.ts';
import { shortened } from '../net/foreign-text.ts';

/** No whole answer came: not reachable, cut off, too large. */
export class ConsulRequestError extends Error {
  override readonly name = 'ConsulRequestError';

  constructor(path: string, addr: string, cause: unknown) {
    super(`Consul at ${addr} gave no answer to ${shortened(path)}: ${shortened(reasonOf(cause))}`);
  }
}

/** No whole answer came within the time that its request gave. */
export class ConsulTimeoutError extends Error {
  override readonly name = 'ConsulTimeoutError';

  constructor(timeoutMs: number | undefined) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** Consul answered, but the answer cannot be believed. */
export class UntrustedAnswerError extends Error {
  override readonly name = 'UntrustedAnswerError';
  /** Without what it is about. */
  readonly why: string;
  readonly reason: DistrustReason;
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(
    what: string,
    why: string,
    details: { readonly reason: DistrustReason; readonly status: number; readonly retryAfterMs: number | undefined },
  ) {
    super(`${shortened(what)}: ${why}`);
    this.why = why;
    this.reason = details.reason;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown error';
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return cause.message.replace(/^consul: /, '');
}
