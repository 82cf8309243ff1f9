import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { connectionBudget, readAgentFacts, readServiceNames } from '../../sidecar/src/consul/agent.ts';
import { ConsulClient } from '../../sidecar/src/consul/client.ts';
import { fixedToken } from '../../sidecar/src/consul/credentials.ts';
import { ConsulRequestError, UntrustedAnswerError } from '../../sidecar/src/consul/errors.ts';
import { readHealth } from '../../sidecar/src/consul/health.ts';
import { hasLeader } from '../../sidecar/src/consul/leader.ts';
import { fuzz } from './fuzz.ts';
import { jsonText, mutated, nastyName, nastyValue } from './nasty.ts';
import { agentSelf, healthList, serviceNames } from './samples.ts';
import { StubServer } from './stub-server.ts';

const signal = new AbortController().signal;
const server = new StubServer();
let client: ConsulClient;

beforeAll(async () => {
  await server.start();
  client = connect('hush-token');
});

afterAll(async () => {
  client.close();
  await server.stop();
});

function connect(token: string | undefined): ConsulClient {
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

const meta = fc.record(
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
const status = fc.oneof(
  { weight: 4, arbitrary: fc.constant(200) },
  fc.constantFrom(201, 204, 301, 302, 400, 403, 404, 429, 500, 503),
);

const ask = { index: 0n, waitMs: 0, consistent: false, maxStaleMs: 10_000 } as const;

describe('an answer of Consul is read, or refused by name', () => {
  fuzz('instances', fc.tuple(status, meta, jsonText(mutated(healthList))), async ([code, headers, body]) => {
    server.answer = () => ({ status: code, headers, body });
    const query = { service: 'web', tags: [] };
    const answer = await declared(readHealth(client, { ...ask, query }, signal));
    if (answer === undefined) return;
    expect(code).toBe(200);
    const { instances, malformed } = answer.parse();
    expect(instances.length + malformed.length).toBe(JSON.parse(body).length);
    for (const { why } of malformed) expect(why.length).toBeLessThan(500);
  });

  fuzz(
    'the list of services',
    fc.tuple(status, meta, jsonText(mutated(serviceNames))),
    async ([code, headers, body]) => {
      server.answer = () => ({ status: code, headers, body });
      const names = await declared(readServiceNames(client, {}, 10_000, signal));
      if (names !== undefined)
        expect([...names].sort()).toEqual(Object.keys(JSON.parse(Buffer.from(body).toString())).sort());
    },
  );

  fuzz('the agent', fc.tuple(status, jsonText(mutated(agentSelf))), async ([code, body]) => {
    server.answer = () => ({ status: code, body });
    const facts = await declared(readAgentFacts(client, signal));
    if (facts !== undefined) expect(connectionBudget(facts, undefined)).toBeGreaterThanOrEqual(1);
  });

  fuzz('the leader', fc.tuple(status, jsonText(nastyValue)), async ([code, body]) => {
    server.answer = () => ({ status: code, body });
    await hasLeader(client, signal);
  });
});

describe('what is asked of Consul is one request with those names in it', () => {
  const names = fc.record({
    service: nastyName,
    tag: nastyName,
    filter: nastyName,
    datacenter: nastyName,
    namespace: nastyName,
  });
  fuzz('whatever they are', names, async ({ service, tag, filter, ...scope }) => {
    server.seen.length = 0;
    server.answer = () => ({ headers: { 'x-consul-index': '1' }, body: '[]' });
    const answer = await declared(
      readHealth(client, { ...ask, query: { service, tags: [tag], filter, ...scope } }, signal),
    );
    if (answer === undefined) {
      expect(server.seen).toEqual([]);
      return;
    }
    expect(server.seen).toHaveLength(1);
    const [request] = server.seen;
    const url = new URL(request?.url ?? '', server.url);
    expect(url.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'v1', 'health', 'service', service]);
    expect(Object.fromEntries(url.searchParams)).toEqual({ tag, filter, dc: scope.datacenter, ns: scope.namespace });
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual(['connection', 'host', 'user-agent', 'x-consul-token']);
  });

  fuzz('whatever the token is, it is sent as it is or not at all, and never told', nastyName, async (token) => {
    server.seen.length = 0;
    server.answer = () => ({ headers: { 'x-consul-index': '1' }, body: '[]' });
    const other = connect(`hush${token}`);
    try {
      await declared(readHealth(other, { ...ask, query: { service: 'web', tags: [] } }, signal));
    } finally {
      other.close();
    }
    for (const { headers } of server.seen) {
      expect(Object.keys(headers)).not.toContain('x-evil');
      expect(Buffer.from(String(headers['x-consul-token']), 'latin1').toString('latin1')).toBe(`hush${token}`.trim());
    }
  });
});

/** The result, or undefined when it was refused with one of the errors that the edge declares. */
async function declared<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ConsulRequestError) && !(error instanceof UntrustedAnswerError)) throw error;
    expect(error.message).not.toContain('hush');
    expect(error.message.length).toBeLessThan(1_000);
    return undefined;
  }
}
