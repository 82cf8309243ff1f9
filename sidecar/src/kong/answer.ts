import http from 'node:http';
import type { AxiosResponse } from 'axios';
import { retryAfterMs } from '../net/sleep.ts';

/** What an Admin API answered, whatever it was. */
export interface RawAnswer {
  /** As Kong would give it. */
  readonly status: number;
  /** Undefined when a body is there but is no JSON; null when there is none. */
  readonly body: unknown;
  /** Kong's own words, else those of the status. */
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  /** How the body is packed, if it says so. */
  readonly packed: string | undefined;
  readonly server: string | undefined;
  readonly date: string | undefined;
}

/** Makes data of a body that is not empty; undefined when it cannot. */
export type BodyParser = (text: string) => unknown;

export function readAnswer(response: AxiosResponse<unknown>, parseBody: BodyParser = parseJson): RawAnswer {
  const { data } = response;
  const body = typeof data === 'string' && data !== '' ? parseBody(data) : null;
  const status = isUniqueClash(response) ? 409 : response.status;
  const header = (name: string): string | undefined => {
    const value: unknown = response.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    status,
    body,
    message: messageIn(body) ?? http.STATUS_CODES[status] ?? 'no message',
    retryAfterMs: retryAfterMs(header('retry-after')),
    packed: header('content-encoding'),
    server: header('server'),
    date: header('date'),
  };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Konnect says 400 where Kong says 409: another object has the name already. */
function isUniqueClash({ status, data }: AxiosResponse<unknown>): boolean {
  return status === 400 && typeof data === 'string' && data.includes('(type: unique) constraint failed');
}

function messageIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('message' in body)) return undefined;
  return typeof body.message === 'string' ? body.message : undefined;
}
