/** What `/api/v1` says, for those who make it and those who show it. `openapi.json` says the same to everybody else. */

export type ApiState = 'in_sync' | 'pending' | 'held' | 'waiting' | 'error' | 'conflict' | 'frozen' | 'unbound';

export interface ApiCounts {
  readonly registered: number;
  readonly healthy: number;
  readonly maintenance: number;
}

export interface ApiHold {
  readonly reason: string;
  readonly why: string;
  readonly removals: number;
  /** ISO 8601; null when only an event or a person can end it. */
  readonly until: string | null;
  /** `until …` something happens; with a time the condition then: `if …`. */
  readonly ends: string;
  /** `kong-consul reconcile --force` ends it at once. */
  readonly force: boolean;
}

/** What a list shows of an upstream: some keys of the whole report, with the same meaning. */
export interface ApiSummary {
  readonly upstream: string;
  readonly state: ApiState;
  readonly service: string | null;
  readonly targets: number;
  readonly instances: ApiCounts | null;
  readonly malformed: number;
  readonly problem: string | null;
  readonly hold: ApiHold | null;
  /** Changes that the next run would write. */
  readonly pending: number;
  /** What is special about it, the gravest first, in one sentence; empty when nothing is. */
  readonly remark: string;
  /** The service cannot be read from Consul now: targets stay as they are. */
  readonly consul_failing: boolean;
}

/** One change that was written to Kong. */
export interface ApiChange {
  /** Counts up while the sidecar runs. */
  readonly id: number;
  readonly at: string;
  readonly upstream: string;
  readonly kind: string;
  readonly text: string;
  /** It put right what somebody else had changed in Kong. */
  readonly drift: boolean;
}

/** The sidecar as a whole. */
export interface ApiStatus {
  readonly version: string;
  readonly owner: string;
  readonly started: string;
  readonly dry_run: boolean;
  readonly leader: boolean;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reasons: readonly string[];
  readonly consul: {
    readonly address: string;
    readonly watches: number;
    readonly failing: number;
    /** When the watch that has waited longest had its last trusted answer. */
    readonly oldest_answer: string | null;
    /** Why some services cannot be read, or checks that turn critical are seen late while watches take turns. */
    readonly problem: string | null;
  };
  readonly kong: {
    readonly address: string;
    readonly version: string | null;
    readonly database: string | null;
    /** Why it cannot be read now. */
    readonly problem: string | null;
    /** Data planes that are asked for the health of targets; empty: the Admin API itself is. */
    readonly health_from: readonly string[];
  };
  readonly upstreams: Readonly<Record<ApiState, number>>;
  readonly targets: number;
  readonly held_removals: number;
}

/** `event: snapshot`: everything, at the start of a stream or when too much was missed. */
export interface ApiSnapshot {
  readonly status: ApiStatus;
  readonly upstreams: readonly ApiSummary[];
  /** Newest first. */
  readonly changes: readonly ApiChange[];
}

/** `event: upstreams`: those that became otherwise, and those that are gone. */
export interface ApiUpstreamsEvent {
  readonly upstreams: readonly ApiSummary[];
  readonly gone: readonly string[];
}

/** `event: changes`: what was written to Kong, newest first. */
export interface ApiChangesEvent {
  readonly changes: readonly ApiChange[];
}

export interface ApiCheck {
  readonly id: string;
  readonly name: string;
  readonly status: 'passing' | 'warning' | 'critical';
  readonly output: string;
}

/** One instance on its way from Consul to Kong. */
export interface ApiInstance {
  readonly instance: string;
  readonly state: 'passing' | 'warning' | 'critical' | 'maintenance';
  /** The rule that put it in or kept it out, as a sentence. */
  readonly rule: string;
  /** `host:port` as it is registered, without what is missing. */
  readonly address: string;
  readonly target: string | null;
  /** Null when it is no target. */
  readonly weight: number | null;
  readonly kept: boolean;
  /** Whether it gets traffic through Kong, and who decided that. */
  readonly traffic: {
    readonly gets: 'yes' | 'no' | 'unknown';
    readonly decided_by: string;
    readonly why: string;
    /** What a person can do about it; null when there is nothing. */
    readonly mend: string | null;
  };
  readonly checks: readonly ApiCheck[];
}

export interface ApiTarget {
  readonly target: string;
  readonly weight: number;
  readonly owned: boolean;
  /** Kong's own word; null when it could not be asked. */
  readonly health: string | null;
}

/** One upstream with all that lies between Consul and Kong: what `explain` tells. */
export interface ApiTrail extends Omit<ApiSummary, 'pending'> {
  readonly query: {
    readonly service: string;
    readonly tags: readonly string[];
    readonly filter?: string;
    readonly datacenter?: string;
    readonly namespace?: string;
    readonly partition?: string;
  } | null;
  readonly sources: readonly string[];
  readonly notes: readonly string[];
  /** What the next run would write; `held`: not before the hold ends. */
  readonly changes: readonly { readonly text: string; readonly held: boolean }[];
  readonly last_answer: string | null;
  readonly updated: string | null;
  /** A Kong Service sends its traffic here. */
  readonly in_use: boolean;
  readonly verdicts: readonly ApiInstance[];
  readonly kong_targets: readonly ApiTarget[];
}
