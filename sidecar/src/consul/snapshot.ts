import type { ServiceQuery } from '../core/binding.ts';
import type { Instance } from '../core/instance.ts';
import type { DistrustReason } from '../core/trust.ts';
import type { MalformedEntry } from './parse-instances.ts';

/** One complete, trusted answer about a service. */
export interface Snapshot {
  readonly instances: readonly Instance[];
  readonly malformed: readonly MalformedEntry[];
  readonly index: bigint;
  readonly digest: string;
  /** When it came, in ms since the epoch. */
  readonly atMs: number;
}

/** Why the last read of a service failed. */
export interface ReadFailure {
  readonly reason: DistrustReason | 'unreachable' | 'timeout';
  readonly message: string;
  /** The message without what was read. */
  readonly why: string;
  readonly atMs: number;
}

/** What is known about one watched service. */
export interface WatchState {
  readonly query: ServiceQuery;
  /** The last trusted answer; undefined before the first one. */
  readonly snapshot: Snapshot | undefined;
  /** When Consul last gave a trusted answer, changed or not. */
  readonly lastSuccessMs: number | undefined;
  /** Set while reads fail. */
  readonly failure: ReadFailure | undefined;
  /** Failed reads since the last that was trusted. */
  readonly failures: number;
}
