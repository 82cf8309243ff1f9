import { describe, expect, test } from 'vitest';
import { type AnswerMeta, distrust } from '../../sidecar/src/core/trust.ts';

const good: AnswerMeta = {
  status: 200,
  index: 7n,
  knownLeader: true,
  streamed: false,
  lastContactMs: 0,
  filteredByAcls: false,
};

describe('which answers of Consul are believed', () => {
  test.each<[string, Partial<AnswerMeta>, string | undefined]>([
    ['a plain one', {}, undefined],
    ['index 0', { index: 0n }, undefined],
    ['without the leader header', { knownLeader: undefined }, undefined],
    ['streamed, which never fills the leader header in', { knownLeader: false, streamed: true }, undefined],
    ['as old as allowed', { lastContactMs: 10_000 }, undefined],
    ['status 500', { status: 500 }, 'status'],
    ['status 403', { status: 403 }, 'status'],
    ['without an index', { index: undefined }, 'no_index'],
    ['without a leader', { knownLeader: false }, 'no_leader'],
    ['too old', { lastContactMs: 10_001 }, 'stale'],
    ['filtered by ACLs', { filteredByAcls: true }, 'filtered_by_acls'],
  ])('%s', (_, overrides, reason) => {
    expect(distrust({ ...good, ...overrides }, 10_000)?.reason).toBe(reason);
  });
});
