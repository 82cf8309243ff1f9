import { type AgentFacts, connectionBudget, readAgentFacts, readServiceNames } from '../consul/agent.ts';
import type { ConsulClient } from '../consul/client.ts';
import { readContenders } from '../consul/contenders.ts';
import { readCriticalChecks, scopesOf } from '../consul/critical-checks.ts';
import { hasLeader } from '../consul/leader.ts';
import { readFailureOf } from '../consul/read-failure.ts';
import { knowsToken, missingRights, type Right } from '../consul/rights.ts';
import { queryKey, type ServiceQuery } from '../core/binding.ts';
import { deadline } from '../net/deadline.ts';
import { messageOf } from '../net/message-of.ts';
import type { OnceResult } from '../reconcile/reconcile-once.ts';
import {
  checkAgent,
  checkCatalog,
  checkConnectionLimit,
  checkCriticalFeed,
  checkRights,
  checkSidecars,
  unknownToken,
} from './doctor-consul.ts';
import { type Finding, failure } from './finding.ts';
import { type CommandIo, createConsul } from './session.ts';

const TIMEOUT_MS = 5_000;

/** What was seen of Consul. */
export interface ConsulView {
  readonly isUsable: boolean;
  readonly findings: readonly Finding[];
  readonly date: string | undefined;
  readonly askedMs: number;
}

/** Looks at Consul for what the bindings need; none are known when `result` is undefined. */
export async function examineConsul(io: CommandIo, result: OnceResult | undefined): Promise<ConsulView> {
  const { config, signal } = io;
  const consul = createConsul(config);
  try {
    const facts = await within(signal, (limit) => readAgentFacts(consul, limit));
    const askedMs = Date.now();
    if (!(await within(signal, (limit) => knowsToken(consul, limit))))
      return { isUsable: false, findings: [unknownToken()], date: facts.date, askedMs };
    const bound = servicesOf(result);
    const findings = [
      checkAgent(facts),
      ...(await checkLeader(consul, signal)),
      checkConnectionLimit(facts, bound.length, config.consul.maxConnections),
      ...(await criticalFeed(consul, io, facts, result)),
      ...(await rights(consul, io, facts, result)),
      await catalog(consul, io),
      ...(await sidecars(consul, io)),
    ];
    return { isUsable: true, findings, date: facts.date, askedMs };
  } catch (error) {
    signal.throwIfAborted();
    const finding = failure('Consul', messageOf(error), 'check:', 'consul.addr (--consul-addr, CONSUL_HTTP_ADDR)');
    return { isUsable: false, findings: [finding], date: undefined, askedMs: 0 };
  } finally {
    consul.close();
  }
}

async function checkLeader(consul: ConsulClient, signal: AbortSignal): Promise<readonly Finding[]> {
  if (await hasLeader(consul, signal)) return [];
  return [
    failure('Consul', 'its servers have no leader: nothing can be read that could be trusted, Kong keeps its targets'),
  ];
}

/** Only what `run` would ask: while every watch has a connection of its own it does not. */
async function criticalFeed(
  consul: ConsulClient,
  { config, signal }: CommandIo,
  facts: AgentFacts,
  result: OnceResult | undefined,
): Promise<readonly Finding[]> {
  const queries = new Map(queriesOf(result).map((query) => [queryKey(query), query]));
  if (queries.size <= connectionBudget(facts, config.consul.maxConnections)) return [];
  try {
    const scopes = scopesOf([...queries.values()]);
    await within(signal, (limit) =>
      Promise.all(scopes.map((scope) => readCriticalChecks(consul, { scope, index: 0n, waitMs: TIMEOUT_MS }, limit))),
    );
    return [checkCriticalFeed(undefined)];
  } catch (error) {
    signal.throwIfAborted();
    return [checkCriticalFeed(messageOf(error))];
  }
}

async function rights(
  consul: ConsulClient,
  { config, signal }: CommandIo,
  facts: AgentFacts,
  result: OnceResult | undefined,
): Promise<readonly Finding[]> {
  const needed: readonly Right[] = [
    ...servicesOf(result).map((name) => ({ resource: 'service', name, access: 'read' }) as const),
    { resource: 'node', name: '', access: 'read' },
    ...(config.leaderElection
      ? [
          { resource: 'session', name: facts.node ?? '', access: 'write' } as const,
          { resource: 'key', name: config.leaderKey, access: 'write' } as const,
        ]
      : []),
  ];
  const unread = result?.reports.filter(({ state }) => state === 'waiting').length ?? 0;
  try {
    return checkRights(await within(signal, (limit) => missingRights(consul, needed, limit)), unread);
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

async function catalog(consul: ConsulClient, { config, signal }: CommandIo): Promise<Finding> {
  try {
    const names = await within(signal, (limit) => readServiceNames(consul, {}, config.consul.maxStaleMs, limit));
    return checkCatalog(undefined, names.size);
  } catch (error) {
    signal.throwIfAborted();
    return checkCatalog(readFailureOf(error).why, 0);
  }
}

async function sidecars(consul: ConsulClient, { config, signal }: CommandIo): Promise<readonly Finding[]> {
  try {
    const found = await within(signal, (limit) => readContenders(consul, config.leaderKey, limit));
    if (found === undefined) return [];
    const leader = found.leader === undefined ? [] : [`${found.leader} leads`];
    const waiting = found.count - leader.length;
    const names = [...leader, ...(waiting > 0 ? [`${waiting} on standby`] : [])];
    return [checkSidecars(names, config.leaderElection, config.owner)];
  } catch {
    // Who may not see the lock is told so among the rights.
    signal.throwIfAborted();
    return [];
  }
}

function servicesOf(result: OnceResult | undefined): readonly string[] {
  return [...new Set(queriesOf(result).map(({ service }) => service))].sort();
}

function queriesOf(result: OnceResult | undefined): readonly ServiceQuery[] {
  return result?.reports.flatMap(({ binding }) => (binding === undefined ? [] : [binding.query])) ?? [];
}

async function within<T>(signal: AbortSignal, ask: (limit: AbortSignal) => Promise<T>): Promise<T> {
  using limit = deadline(signal, TIMEOUT_MS);
  return await ask(limit.signal);
}
