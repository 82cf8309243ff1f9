import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { connectionBudget, readAgentFacts, readServiceNames } from '../../sidecar/src/consul/agent.ts';
import { readHealth } from '../../sidecar/src/consul/health.ts';
import { hasLeader } from '../../sidecar/src/consul/leader.ts';
import { client, connect, declared, meta, server, signal, status, stubConsul } from './consul-stub.ts';
import { fuzz } from './fuzz.ts';
import { jsonText, mutated, nastyName, nastyValue } from './nasty.ts';
import { agentSelf, healthList, serviceNames } from './samples.ts';

stubConsul();

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
