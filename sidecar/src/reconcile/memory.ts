/** What is remembered of one upstream between passes. Times are ms since the epoch. */
export interface UpstreamMemory {
  /** The content that a consistent read has confirmed, and when. */
  readonly confirmed?: { readonly digest: string; readonly atMs: number };
  /** Since when Consul has known no instance. */
  readonly emptySinceMs?: number;
  /** Since when the fleet limit has been holding removals. */
  readonly heldSinceMs?: number;
  /** Since when nothing binds the upstream any more. */
  readonly unboundSinceMs?: number;
  /** Settings that Kong took and stored otherwise: sent again they would change nothing. */
  readonly futilePatch?: string;
  /** What was last in sync: a difference without a change in it is drift. */
  readonly settled?: string;
}
