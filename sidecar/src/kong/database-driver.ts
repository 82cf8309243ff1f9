import { z } from 'zod';
import type { Change } from '../core/change.ts';
import { ownerTag, stagedUpstream, stagingName } from '../core/ownership.ts';
import type { Release } from '../core/release.ts';
import type { CurrentTarget, CurrentUpstream } from '../core/state.ts';
import { childSignal } from '../net/child-signal.ts';
import { ChangeWriter } from './change-writer.ts';
import type { KongClient } from './client.ts';
import type { ApplyCompany, KongDriver, UpstreamState } from './driver.ts';
import { parse, parseTarget, parseUpstream, type UpstreamRecord } from './entities.ts';
import { EntityUpdate } from './entity-update.ts';
import { KongStatusError } from './errors.ts';
import { readAll } from './paging.ts';
import { kongPath } from './path.ts';

const taggedEntity = z.object({ entity_id: z.string(), entity_name: z.string() });

/** Writes entities through the Admin API of a Kong with a database. */
export class DatabaseDriver implements KongDriver {
  readonly release: Release | undefined;
  readonly #client: KongClient;
  readonly #update: EntityUpdate;
  readonly #tag: string;

  constructor(client: KongClient, owner: string, release?: Release) {
    this.#client = client;
    this.#update = new EntityUpdate(client);
    this.#tag = ownerTag(owner);
    this.release = release;
  }

  async readStates(names: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlyMap<string, UpstreamState>> {
    const [items, tagged] = await Promise.all([
      readAll(this.#client, '/upstreams', {}, signal),
      this.#readTagged(signal),
    ]);
    const records = items.map(parseUpstream);
    const isRelevant = (record: UpstreamRecord) => record.tags.includes(this.#tag) || names.has(boundName(record));
    const upstreams = await this.#withTargetsOf(records.filter(isRelevant), signal);

    const known = new Set(upstreams.flatMap(({ targets }) => targets.map(({ id }) => id)));
    const isUnknown = (id: string, kind: string) => kind === 'targets' && !known.has(id);
    const isElsewhere = tagged?.some(({ entity_id: id, entity_name: kind }) => isUnknown(id, kind)) ?? true;
    if (!isElsewhere) return toStates(upstreams);
    // Targets of ours in an upstream that is neither ours nor bound: a binding went away while nobody was looking.
    const others = await this.#withTargetsOf(
      records.filter((record) => !isRelevant(record)),
      signal,
    );
    const withOurs = others.filter(({ targets }) => targets.some(({ tags }) => tags.includes(this.#tag)));
    return toStates([...upstreams, ...withOurs]);
  }

  async readState(name: string, signal: AbortSignal): Promise<UpstreamState> {
    const [current, staged] = await Promise.all([this.#read(name, signal), this.#read(stagingName(name), signal)]);
    return { current, staged };
  }

  async readOwnedIds(signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    const tagged = await this.#readTagged(signal);
    return tagged && new Set(tagged.map(({ entity_id: id }) => id));
  }

  apply(
    changes: readonly Change[],
    state: UpstreamState,
    signal: AbortSignal,
    company: ApplyCompany,
  ): Promise<UpstreamState> {
    const tools = { client: this.#client, update: this.#update, tag: this.#tag, release: this.release };
    return new ChangeWriter(tools, state, company).write(changes, signal);
  }

  close(): void {
    this.#client.close();
  }

  async #read(name: string, signal: AbortSignal): Promise<CurrentUpstream | undefined> {
    const answer = await this.#client.request(
      { method: 'GET', path: kongPath('upstreams', name), upstream: name, accept: [404] },
      signal,
    );
    if (answer.status === 404) return undefined;
    return this.#withTargets(parseUpstream(answer.body), signal);
  }

  /** Undefined where lists by tag are not served (Konnect): Kong itself answers 200 for any tag. */
  async #readTagged(signal: AbortSignal): Promise<readonly z.infer<typeof taggedEntity>[] | undefined> {
    try {
      const entries = await readAll(this.#client, kongPath('tags', this.#tag), {}, signal);
      return entries.map((entry) => parse(taggedEntity, entry, 'a tag'));
    } catch (error) {
      if (error instanceof KongStatusError && (error.status === 404 || error.status === 405)) return undefined;
      throw error;
    }
  }

  #withTargetsOf(records: readonly UpstreamRecord[], signal: AbortSignal): Promise<readonly CurrentUpstream[]> {
    return Promise.all(records.map((record) => this.#withTargets(record, signal)));
  }

  async #withTargets(record: UpstreamRecord, parent: AbortSignal): Promise<CurrentUpstream> {
    using own = childSignal(parent);
    const items = await readAll(this.#client, `${kongPath('upstreams', record.id)}/targets`, {}, own.signal);
    return { ...record, targets: newestOf(items.map(parseTarget)) };
  }
}

/** Kong up to 2.1 kept a history of rows per target, newest first (Kong issue 2306): the newest one counts. */
function newestOf(targets: readonly CurrentTarget[]): readonly CurrentTarget[] {
  const newest = new Map<string, CurrentTarget>();
  for (const target of targets) if (!newest.has(target.target)) newest.set(target.target, target);
  return [...newest.values()];
}

function toStates(upstreams: readonly CurrentUpstream[]): ReadonlyMap<string, UpstreamState> {
  const states = new Map<string, UpstreamState>();
  for (const upstream of upstreams) {
    const name = boundName(upstream);
    const state = states.get(name) ?? { current: undefined, staged: undefined };
    states.set(name, name === upstream.name ? { ...state, current: upstream } : { ...state, staged: upstream });
  }
  return states;
}

function boundName(upstream: { readonly name: string }): string {
  return stagedUpstream(upstream.name) ?? upstream.name;
}
