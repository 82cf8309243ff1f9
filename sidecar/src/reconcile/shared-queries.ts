import type { WatchPool } from '../consul/watch-pool.ts';
import type { ServiceQuery } from '../core/binding.ts';

/** The part of a pool that decides what is watched, and tells what is known of it. */
export type QueryPool = Pick<WatchPool, 'setQueries' | 'state'>;

/** One pool for several who each ask for their own services: what any of them asks for is watched. */
export class SharedQueries {
  readonly #pool: QueryPool;
  readonly #asked = new Map<string, readonly ServiceQuery[]>();

  constructor(pool: QueryPool) {
    this.#pool = pool;
  }

  /** The pool as one of them sees it. */
  of(who: string): QueryPool {
    return {
      setQueries: (queries) => {
        this.#asked.set(who, queries);
        this.#pool.setQueries([...this.#asked.values()].flat());
      },
      state: (key) => this.#pool.state(key),
    };
  }
}
