import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { readContenders } from '../../sidecar/src/consul/contenders.ts';
import { readCriticalChecks } from '../../sidecar/src/consul/critical-checks.ts';
import { Lock } from '../../sidecar/src/consul/lock.ts';
import { missingRights, type Right } from '../../sidecar/src/consul/rights.ts';
import { client, declared, meta, server, signal, status, stubConsul } from './consul-stub.ts';
import { fuzz } from './fuzz.ts';
import { jsonText, mutated, nastyName } from './nasty.ts';
import { criticalChecks, lockRecord, rightsAnswer, sessionList } from './samples.ts';

stubConsul();

const KEY = 'kong-consul/test/leader';
const RIGHTS: readonly Right[] = [
  { resource: 'service', name: '', access: 'read' },
  { resource: 'key', name: KEY, access: 'write' },
];

describe('an answer of Consul is read, or refused by name', () => {
  const scope = fc.record({ datacenter: nastyName, namespace: nastyName, partition: nastyName });
  fuzz(
    'critical checks, in any scope',
    fc.tuple(status, meta, jsonText(mutated(criticalChecks)), scope),
    async ([code, headers, body, where]) => {
      server.seen.length = 0;
      server.answer = () => ({ status: code, headers, body });
      const answer = await declared(readCriticalChecks(client, { scope: where, index: 0n, waitMs: 0 }, signal));
      onlyAsked('/v1/health/state/critical', { dc: where.datacenter, ns: where.namespace, partition: where.partition });
      if (answer === undefined) return;
      expect(code).toBe(200);
      expect(answer.checks.size).toBeLessThanOrEqual(JSON.parse(body).length);
      for (const subject of answer.checks.values())
        expect(Object.values(subject).map((name) => typeof name)).toEqual(['string']);
    },
  );

  fuzz('rights', fc.tuple(status, meta, jsonText(mutated(rightsAnswer))), async ([code, headers, body]) => {
    server.answer = () => ({ status: code, headers, body });
    const missing = await declared(missingRights(client, RIGHTS, signal));
    for (const right of missing ?? []) expect(RIGHTS).toContain(right);
  });

  const election = fc.record({ sessions: jsonText(mutated(sessionList)), lock: jsonText(mutated(lockRecord)) });
  fuzz('contenders', fc.tuple(status, meta, election), async ([code, headers, { sessions, lock }]) => {
    server.seen.length = 0;
    server.answer = ({ url }) => ({ status: code, headers, body: url === '/v1/session/list' ? sessions : lock });
    const found = await declared(readContenders(client, KEY, signal));
    if (found !== undefined) expect(found.count).toBeLessThanOrEqual(JSON.parse(sessions).length);
    for (const { url } of server.seen) expect(url).toMatch(/^\/v1\/(session\/list|kv\/kong-consul%2Ftest%2Fleader)$/);
  });

  const lockAnswers = fc.oneof(
    jsonText(mutated(lockRecord, { ID: 'a' })),
    fc.constantFrom('true', 'false', 'true\n', '"true"'),
  );
  fuzz('the lock and its session', fc.tuple(status, meta, lockAnswers), async ([code, headers, body]) => {
    server.answer = () => ({ status: code, headers, body });
    const lock = new Lock(client, KEY);
    const session = await declared(lock.createSession(10_000, signal));
    if (session !== undefined) expect(session).not.toBe('');
    await declared(lock.renew('s', signal));
    const isHeld = await declared(lock.acquire('s', 'host-1', signal));
    if (isHeld === true) expect([code, body.trim()]).toEqual([200, 'true']);
    const state = await declared(lock.read(0n, 0, signal));
    if (state !== undefined) expect(state.index).toBeGreaterThanOrEqual(0n);
    await declared(lock.destroy('s', signal));
  });
});

describe('what is asked of Consul is one request with those names in it', () => {
  fuzz(
    'whatever the key, the session and the holder are',
    fc.tuple(nastyName, nastyName, nastyName),
    async ([key, session, holder]) => {
      server.seen.length = 0;
      server.answer = () => ({ headers: { 'x-consul-index': '1' }, body: 'true' });
      if ((await declared(new Lock(client, key).acquire(session, holder, signal))) !== undefined)
        onlyAsked(['v1', 'kv', key], { acquire: session });
      server.seen.length = 0;
      if ((await declared(new Lock(client, key).renew(session, signal))) !== undefined)
        onlyAsked(['v1', 'session', 'renew', session], {});
    },
  );
});

/** One request at the most, with that path and these parameters, and no header that we do not send. */
function onlyAsked(path: string | readonly string[], parameters: Readonly<Record<string, string>>): void {
  expect(server.seen.length).toBeLessThanOrEqual(1);
  for (const { url, headers } of server.seen) {
    const { pathname, searchParams } = new URL(url ?? '', server.url);
    const segments = pathname.split('/').slice(1).map(decodeURIComponent);
    expect(segments).toEqual(typeof path === 'string' ? path.split('/').slice(1) : path);
    expect(Object.fromEntries(searchParams)).toEqual(parameters);
    expect(Object.keys(headers)).not.toContain('x-evil');
  }
}
