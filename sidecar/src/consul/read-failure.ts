import { messageOf } from '../net/message-of.ts';
import { ConsulTimeoutError, UntrustedAnswerError } from './errors.ts';
import type { ReadFailure } from './snapshot.ts';

/** What a read of Consul threw, as it is told: never the signal's reason. */
export function readFailureOf(error: unknown): ReadFailure {
  const atMs = Date.now();
  if (error instanceof UntrustedAnswerError)
    return { reason: error.reason, message: error.message, why: error.why, atMs };
  const message = messageOf(error);
  return { reason: error instanceof ConsulTimeoutError ? 'timeout' : 'unreachable', message, why: message, atMs };
}
