import type { JsonObject } from '../core/binding.ts';
import { mergeSettings } from '../core/settings.ts';
import type { KongAnswer, KongClient } from './client.ts';
import { parseObject } from './entities.ts';

/** Which fields of which object become what. */
export interface FieldUpdate {
  readonly path: string;
  /** As Kong's PATCH takes it: records merge, lists are replaced. */
  readonly patch: JsonObject;
  /** Requests of different upstreams take turns. */
  readonly upstream: string;
}

/**
 * Changes fields of objects by PATCH; where the Admin API has no PATCH (Konnect's has none) by PUT of the whole object, as
 * it is at that moment, with the fields laid over it. Which of the two it is, is found out once.
 */
export class EntityUpdate {
  readonly #client: KongClient;
  #lacksPatch = false;

  constructor(client: KongClient) {
    this.#client = client;
  }

  /** The answer with the whole object; 404 when the object is gone, 409 when another has its name. */
  async send({ path, patch, upstream }: FieldUpdate, signal: AbortSignal): Promise<KongAnswer> {
    if (!this.#lacksPatch) {
      const answer = await this.#client.request(
        { method: 'PATCH', path, body: patch, upstream, accept: [404, 405, 409] },
        signal,
      );
      if (answer.status !== 404 && answer.status !== 405) return answer;
    }
    const current = await this.#client.request({ method: 'GET', path, upstream, accept: [404] }, signal);
    if (current.status === 404) return current;
    // The object is there, so it is the verb that is not.
    this.#lacksPatch = true;
    const body = mergeSettings(parseObject(current.body), patch);
    return this.#client.request({ method: 'PUT', path, body, upstream, accept: [404, 409] }, signal);
  }
}
