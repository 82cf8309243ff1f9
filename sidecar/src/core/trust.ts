/** The parts of a Consul answer that decide whether it can be believed. */
export interface AnswerMeta {
  readonly status: number;
  /** `X-Consul-Index`, undefined when absent or no number. */
  readonly index: bigint | undefined;
  /** `X-Consul-KnownLeader`, undefined when absent. */
  readonly knownLeader: boolean | undefined;
  /** `X-Consul-Query-Backend: streaming`. */
  readonly streamed: boolean;
  /** `X-Consul-LastContact` in ms, undefined when absent. */
  readonly lastContactMs: number | undefined;
  /** `X-Consul-Results-Filtered-By-ACLs`. */
  readonly filteredByAcls: boolean;
}

/** Why an answer is not believed. The names are the `reason` label of the failure metric. */
export type DistrustReason = 'status' | 'no_index' | 'no_leader' | 'stale' | 'filtered_by_acls' | 'not_a_list';

/** Left out where `doctor` itself speaks. */
export const DOCTOR_HINT = ' (kong-consul doctor tells which)';

/** What speaks against an answer. */
export interface Distrust {
  readonly reason: DistrustReason;
  readonly why: string;
}

/**
 * Undefined when the answer can be believed. Anything else is a failed read, never an empty list.
 *
 * | answer                                         | why it is not believed |
 * | ---------------------------------------------- | ---------------------- |
 * | status other than 200                          | status                 |
 * | no `X-Consul-Index`                            | no_index               |
 * | `X-Consul-KnownLeader: false`, not streamed    | no_leader              |
 * | `X-Consul-LastContact` over `max_stale_ms`     | stale                  |
 * | `X-Consul-Results-Filtered-By-ACLs: true`      | filtered_by_acls       |
 *
 * The streaming backend, the default for blocking queries since Consul 1.10, never fills the leader header in: it says
 * false while all is well (seen on 1.14.8).
 */
export function distrust(meta: AnswerMeta, maxStaleMs: number): Distrust | undefined {
  if (meta.status !== 200) return { reason: 'status', why: `Consul answered ${meta.status}` };
  if (meta.index === undefined) return { reason: 'no_index', why: 'the answer has no X-Consul-Index' };
  if (meta.knownLeader === false && !meta.streamed)
    return { reason: 'no_leader', why: 'the answering server knows no leader' };
  if ((meta.lastContactMs ?? 0) > maxStaleMs) {
    return { reason: 'stale', why: `the answer is ${meta.lastContactMs} ms old, over max_stale_ms ${maxStaleMs}` };
  }
  if (meta.filteredByAcls)
    return {
      reason: 'filtered_by_acls',
      why: `the token may not see all of it: it lacks service:read, or node:read on the nodes${DOCTOR_HINT}`,
    };
  return undefined;
}
