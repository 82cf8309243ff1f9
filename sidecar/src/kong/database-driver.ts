import pMap from 'p-map';
import type { Change } from '../core/change.ts';
import { ownerTag, stagedUpstream, stagingName } from '../core/ownership.ts';
import type { Release } from '../core/release.ts';
import type { CurrentTarget, CurrentUpstream } from '../core/state.ts';
import { ChangeWriter } from './change-writer.ts';
import type { KongClient } from './client.ts';
import type { ApplyCompany, KongDriver, UpstreamState } from './driver.ts';
import { parseUpstream, type UpstreamRecord } from './entities.ts';
import { EntityParser } from './entity-parser.ts';
import { EntityUpdate } from './entity-update.ts';
import { KongStatusError } from './errors.ts';
import { ListReader } from './list-reader.ts';
import { kongPath } from './path.ts';
import { parseTagged, type Tagged, taggedPath } from './tagged.ts';

interface KnownUpstream {
  readonly record: UpstreamRecord;
  readonly upstream: CurrentUpstream;
}

/**
 * Writes entities through the Admin API of a Kong with a database. What it reads again and finds as it was, down to the
 * byte, is the same object as before.
 */
export class DatabaseDriver implements KongDriver {
  readonly release: Release | undefined;
  readonly #client: KongClient;
  readonly #update: EntityUpdate;
  readonly #tag: string;
  readonly #upstreams: ListReader<UpstreamRecord>;
  readonly #targets: ListReader<CurrentTarget>;
  readonly #tagged: ListReader<Tagged>;
  readonly #known = new Map<string, KnownUpstream>();
  #owned: { readonly tagged: readonly Tagged[]; readonly ids: ReadonlySet<string> } | undefined;

  constructor(client: KongClient, owner: string, release?: Release) {
    this.#client = client;
    this.#update = new EntityUpdate(client);
    this.#tag = ownerTag(owner);
    const parser = new EntityParser();
    this.#upstreams = new ListReader(client, (item) => parser.upstream(item));
    this.#targets = new ListReader(client, (item) => parser.target(item));
    this.#tagged = new ListReader(client, parseTagged);
    this.release = release;
  }

  async readStates(names: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlyMap<string, UpstreamState>> {
    const [records, tagged] = await Promise.all([this.#upstreams.read('/upstreams', signal), this.#readTagged(signal)]);
    const isRelevant = (record: UpstreamRecord) => record.tags.includes(this.#tag) || names.has(boundName(record));
    const upstreams = await this.#withTargetsOf(records.filter(isRelevant), signal);
    this.#keepOnly(records);

    const known = new Set(upstreams.flatMap(({ targets }) => targets.map(({ id }) => id)));
    const isUnknown = ({ id, kind }: Tagged) => kind === 'targets' && !known.has(id);
    const isElsewhere = tagged?.some(isUnknown) ?? true;
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
    if (tagged === undefined) return undefined;
    if (this.#owned?.tagged !== tagged) this.#owned = { tagged, ids: new Set(tagged.map(({ id }) => id)) };
    return this.#owned.ids;
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
  async #readTagged(signal: AbortSignal): Promise<readonly Tagged[] | undefined> {
    try {
      return await this.#tagged.read(taggedPath(this.#tag), signal);
    } catch (error) {
      if (error instanceof KongStatusError && (error.status === 404 || error.status === 405)) return undefined;
      throw error;
    }
  }

  /** No more at once than can be sent: each that waits its turn would hold memory meanwhile. */
  #withTargetsOf(records: readonly UpstreamRecord[], signal: AbortSignal): Promise<readonly CurrentUpstream[]> {
    return pMap(records, (record) => this.#withTargets(record, signal), { concurrency: this.#client.concurrency });
  }

  async #withTargets(record: UpstreamRecord, signal: AbortSignal): Promise<CurrentUpstream> {
    const targets = newestOf(await this.#targets.read(targetsPath(record), signal));
    const known = this.#known.get(record.id);
    if (known?.record === record && known.upstream.targets === targets) return known.upstream;
    const upstream = { ...record, targets };
    this.#known.set(record.id, { record, upstream });
    return upstream;
  }

  /** Forgets what was known of upstreams that are not there any more. */
  #keepOnly(records: readonly UpstreamRecord[]): void {
    const there = new Set(records.map(({ id }) => id));
    for (const id of this.#known.keys()) if (!there.has(id)) this.#known.delete(id);
    this.#targets.forgetAllBut(new Set(records.map(targetsPath)));
  }
}

function targetsPath({ id }: Pick<UpstreamRecord, 'id'>): string {
  return `${kongPath('upstreams', id)}/targets`;
}

/** Kong up to 2.1 kept a history of rows per target, newest first (Kong issue 2306): the newest one counts. */
function newestOf(targets: readonly CurrentTarget[]): readonly CurrentTarget[] {
  const newest = new Map<string, CurrentTarget>();
  for (const target of targets) if (!newest.has(target.target)) newest.set(target.target, target);
  return newest.size === targets.length ? targets : [...newest.values()];
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
