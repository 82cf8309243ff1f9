import fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';
import { ConsulClient } from '../../sidecar/src/consul/client.ts';
import { fixedToken } from '../../sidecar/src/consul/credentials.ts';
import { ConsulRequestError, UntrustedAnswerError } from '../../sidecar/src/consul/errors.ts';
import { LockError } from '../../sidecar/src/consul/lock.ts';
import { nastyName, nastyValue } from './nasty.ts';
import { StubServer } from './stub-server.ts';

export const signal = new AbortController().signal;
export const server = new StubServer();
export let client: ConsulClient;

/** A Consul that answers what a test tells it to, and a client of it, for all tests of a file. */
export function stubConsul(): void {
  beforeAll(async () => {
    await server.start();
    client = connect('hush-token');
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });
}

export function connect(token: string | undefined): ConsulClient {
  return new ConsulClient({ addr: server.url, verify: true, maxBodyBytes: 1_000_000 }, fixedToken(token));
}

/** A header's value as Node lets a server send it. */
const headerText = fc
  .oneof(
    nastyName,
    nastyValue.map((value) => JSON.stringify(value) ?? ''),
    fc.constantFrom('0', '1', '7', '-1', '99999999999999999999', 'true', 'false'),
  )
  .map((text) => text.replace(/[^\t\x20-\x7e]/g, '').slice(0, 200));

export const meta = fc.record(
  {
    'x-consul-index': fc.oneof(fc.constantFrom('1', '7', '0'), headerText),
    'x-consul-knownleader': headerText,
    'x-consul-lastcontact': headerText,
    'x-consul-results-filtered-by-acls': headerText,
    'x-consul-query-backend': headerText,
    'retry-after': headerText,
    'content-type': headerText,
    'content-encoding': fc.constantFrom('gzip', 'br', 'identity', 'nonsense'),
  },
  { requiredKeys: ['x-consul-index'] },
);
export const status = fc.oneof(
  { weight: 4, arbitrary: fc.constant(200) },
  fc.constantFrom(201, 204, 301, 302, 400, 403, 404, 429, 500, 503),
);

/** The result, or undefined when it was refused with one of the errors that the edge declares. */
export async function declared<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const isDeclared = [ConsulRequestError, UntrustedAnswerError, LockError].some((kind) => error instanceof kind);
    if (!isDeclared || !(error instanceof Error)) throw error;
    expect(error.message).not.toContain('hush');
    expect(error.message.length).toBeLessThan(1_000);
    return undefined;
  }
}
