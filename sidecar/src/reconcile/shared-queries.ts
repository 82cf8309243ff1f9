import type { WatchPool } from '../consul/watch-pool.ts';
import { queryKey, type ServiceQuery } from '../core/binding.ts';

/** The part of a pool that decides what is watched. */
export type QueryPool = Pick<WatchPool, 'setQueries' | 'states'>;

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
      states: () => {
        const own = new Set((this.#asked.get(who) ?? []).map(queryKey));
        return this.#pool.states().filter(({ query }) => own.has(queryKey(query)));
      },
    };
  }
}
