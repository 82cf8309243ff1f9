import type { Json, JsonObject } from '../core/binding.ts';
import type { CurrentTarget } from '../core/state.ts';
import { parseTarget, parseUpstream, type UpstreamRecord } from './entities.ts';

/** With more different values than this it begins anew: they are not as equal as was thought. */
const MOST = 256;

/** Makes one of values that are equal. */
class SharedValues<T> {
  readonly #known = new Map<string, T>();

  one(value: T): T {
    const text = JSON.stringify(value);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(text, value);
    return value;
  }
}

/** Reads entities of one Kong, thousands of which have the same health checks and tags: each of these is kept once. */
export class EntityParser {
  readonly #values = new SharedValues<Json>();
  readonly #tags = new SharedValues<readonly string[]>();

  /** @throws as `parseUpstream` */
  upstream(value: unknown): UpstreamRecord {
    const { id, name, tags, settings } = parseUpstream(value);
    return { id, name, tags: this.#tags.one(tags), settings: this.#shareIn(settings) };
  }

  /** @throws as `parseTarget` */
  target(value: unknown): CurrentTarget {
    const target = parseTarget(value);
    return { ...target, tags: this.#tags.one(target.tags) };
  }

  #shareIn(settings: JsonObject): JsonObject {
    const share = (value: Json) => (typeof value === 'object' && value !== null ? this.#values.one(value) : value);
    return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, share(value)]));
  }
}
