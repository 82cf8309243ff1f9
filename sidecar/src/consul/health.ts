import { createHash } from 'node:crypto';
import type { ServiceQuery } from '../core/binding.ts';
import type { Instance } from '../core/instance.ts';
import { type AnswerMeta, distrust } from '../core/trust.ts';
import { retryAfterMs } from '../net/sleep.ts';
import type { ConsulAnswer, ConsulClient } from './client.ts';
import { UntrustedAnswerError } from './errors.ts';
import { jsonOf } from './json.ts';
import { type MalformedEntry, parseInstances } from './parse-instances.ts';
import { refusalOf } from './refusal.ts';

/** How one health query is put. */
export interface HealthQuery {
  readonly query: ServiceQuery;
  /** 0: answer at once. Otherwise block until the index is higher, or `waitMs` is over. */
  readonly index: bigint;
  readonly waitMs: number;
  /** Ask the leader, who asks a quorum whether he still is. */
  readonly consistent: boolean;
  readonly maxStaleMs: number;
  /** How long to wait for the whole answer. */
  readonly timeoutMs?: number;
  /** The digest of the answer in use: one with the same need not be parsed. */
  readonly knownDigest?: string | undefined;
}

/** A trusted answer. Its instances are parsed when somebody wants them. */
export interface HealthAnswer {
  /** As Consul gave it, 0 included. */
  readonly index: bigint;
  /** Equal for equal content. */
  readonly digest: string;
  /** From Consul's stream, which never says that it left something out because of ACLs (seen on 1.14.8). */
  readonly streamed: boolean;
  readonly parse: () => ParsedInstances;
}

interface ParsedInstances {
  readonly instances: readonly Instance[];
  readonly malformed: readonly MalformedEntry[];
}

/**
 * Reads one service's instances, with their checks.
 * @throws ConsulRequestError when no whole answer came, UntrustedAnswerError when it cannot be believed
 */
export async function readHealth(
  client: ConsulClient,
  health: HealthQuery,
  signal: AbortSignal,
): Promise<HealthAnswer> {
  const { query } = health;
  const answer = await client.request(
    {
      path: '/health/service/{service}',
      params: { service: query.service },
      query: toParameters(health),
      timeoutMs: health.timeoutMs,
    },
    signal,
  );
  const meta = readMeta(answer);
  const what = `Consul service ${query.service}`;
  const doubt = distrust(meta, health.maxStaleMs);
  const details = { status: answer.status, retryAfterMs: retryAfterMs(answer.headers['retry-after']) };
  if (doubt !== undefined)
    throw new UntrustedAnswerError(what, refusalOf(client, answer, doubt), {
      ...details,
      reason: doubt.reason,
    });
  const digest = digestOf(answer.body);
  const list = digest === health.knownDigest ? undefined : parseList(answer.body);
  if (list === undefined && digest !== health.knownDigest)
    throw new UntrustedAnswerError(what, 'the answer is no JSON list', { ...details, reason: 'not_a_list' });
  let parsed: ParsedInstances | undefined;
  const parse = () => {
    parsed ??= parseInstances(list ?? parseList(answer.body) ?? []);
    return parsed;
  };
  return { index: meta.index ?? 0n, digest, streamed: meta.streamed, parse };
}

/** What the headers of any blocking Consul endpoint say. */
export function readMeta(answer: ConsulAnswer): AnswerMeta {
  const leader = answer.headers['x-consul-knownleader'];
  const contact = Number(answer.headers['x-consul-lastcontact'] ?? '');
  return {
    status: answer.status,
    index: parseIndex(answer.headers['x-consul-index']),
    knownLeader: leader === undefined ? undefined : leader !== 'false',
    streamed: answer.headers['x-consul-query-backend'] === 'streaming',
    lastContactMs: Number.isFinite(contact) ? contact : undefined,
    filteredByAcls: answer.headers['x-consul-results-filtered-by-acls'] === 'true',
  };
}

function toParameters({ query, index, waitMs, consistent }: HealthQuery): Record<string, string | readonly string[]> {
  return {
    ...(query.tags.length > 0 && { tag: query.tags }),
    ...(query.filter !== undefined && { filter: query.filter }),
    ...(query.datacenter !== undefined && { dc: query.datacenter }),
    ...(query.namespace !== undefined && { ns: query.namespace }),
    ...(query.partition !== undefined && { partition: query.partition }),
    ...(index > 0n && { index: String(index), wait: `${waitMs}ms` }),
    ...(consistent && { consistent: '1' }),
  };
}

function parseIndex(header: string | undefined): bigint | undefined {
  return header !== undefined && /^\d{1,20}$/.test(header) ? BigInt(header) : undefined;
}

function parseList(body: Buffer): readonly unknown[] | undefined {
  const value = jsonOf(body);
  return Array.isArray(value) ? value : undefined;
}

function digestOf(body: Buffer): string {
  return createHash('sha1').update(body).digest('base64');
}
