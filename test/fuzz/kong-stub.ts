import fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';
import { KongClient } from '../../sidecar/src/kong/client.ts';
import {
  KongChangedError,
  KongStatusError,
  KongUnreachableError,
  NotKongError,
} from '../../sidecar/src/kong/errors.ts';
import { mutated } from './nasty.ts';
import { StubServer } from './stub-server.ts';

export const signal = new AbortController().signal;
export const server = new StubServer();
export let client: KongClient;

/** A Kong that answers what a test tells it to, and a client of it, for all tests of a file. */
export function stubKong(): void {
  beforeAll(async () => {
    await server.start();
    client = connect({});
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });
}

export function connect(given: {
  readonly headers?: Readonly<Record<string, string>>;
  readonly adminToken?: string;
  readonly workspace?: string;
}): KongClient {
  return new KongClient({
    adminUrl: `${server.url}/base`,
    headers: {},
    adminToken: 'hush-admin',
    verify: true,
    timeoutMs: 30_000,
    concurrency: 8,
    writesPerSecond: 1_000_000,
    ...given,
  });
}

/** Those that are tried again are left out: they take their time. */
export const status = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(200, 201) },
  fc.constantFrom(204, 301, 302, 400, 401, 403, 404, 405, 409),
);

/** A page of a list, whose way on may be anything. */
export function pageOf(...items: readonly unknown[]): fc.Arbitrary<unknown> {
  const data = items.map((item) => [item]);
  return mutated(...data.map((one) => ({ data: one, next: null, offset: null })), {
    data: items,
    next: '/upstreams?offset=x',
  });
}

/** The result, or undefined when it was refused with one of the errors that the edge declares. */
export async function declared<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const isDeclared = [NotKongError, KongStatusError, KongUnreachableError, KongChangedError].some(
      (kind) => error instanceof kind,
    );
    if (!isDeclared) throw error;
    expect(String(error)).not.toContain('hush');
    expect(String(error).length).toBeLessThan(2_000);
    return undefined;
  }
}
