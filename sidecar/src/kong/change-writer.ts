import { assertNever } from '../core/assert-never.ts';
import type { JsonObject } from '../core/binding.ts';
import type { Change } from '../core/change.ts';
import { isOwned } from '../core/ownership.ts';
import { isBefore, type Release } from '../core/release.ts';
import type { CurrentTarget, CurrentUpstream } from '../core/state.ts';
import type { KongAnswer, KongClient } from './client.ts';
import type { ApplyCompany, UpstreamState } from './driver.ts';
import { parseTarget, parseUpstream } from './entities.ts';
import type { EntityUpdate } from './entity-update.ts';
import { KongChangedError } from './errors.ts';
import { kongPath } from './path.ts';

type ChangeOf<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>;

/** What all writers of one Kong share. */
export interface WriterTools {
  readonly client: KongClient;
  readonly update: EntityUpdate;
  /** The owner tag. */
  readonly tag: string;
  readonly release: Release | undefined;
}

/** Before it, Kong takes a POST of a target that exists as an update of it (`kong/api/routes/upstreams.lua` of 2.8.5). */
const CONFLICT_SINCE: Release = [3, 0];

/**
 * Writes the changes of one plan, one rank after the other and those of one rank in parallel, and keeps what Kong
 * answered. Whatever Kong answers that does not fit what we remember ends the plan with KongChangedError.
 */
export class ChangeWriter {
  readonly #client: KongClient;
  readonly #update: EntityUpdate;
  readonly #tag: string;
  readonly #looksBeforeAdding: boolean;
  readonly #company: ApplyCompany;
  #upstream: CurrentUpstream | undefined;
  #staged: CurrentUpstream | undefined;
  #isNew = false;
  readonly #targets: Map<string, CurrentTarget>;

  constructor({ client, update, tag, release }: WriterTools, state: UpstreamState, company: ApplyCompany) {
    this.#client = client;
    this.#update = update;
    this.#tag = tag;
    this.#looksBeforeAdding = isBefore(release, CONFLICT_SINCE);
    this.#company = company;
    this.#upstream = state.current ?? state.staged;
    this.#staged = state.current === undefined ? undefined : state.staged;
    this.#targets = new Map(this.#upstream?.targets.map((target) => [target.target, target]));
  }

  async write(changes: readonly Change[], signal: AbortSignal): Promise<UpstreamState> {
    for (const rank of inRanks(changes)) {
      const writes = rank.map(async (change) => {
        await this.#writeOne(change, signal);
        this.#company.onChange(change);
      });
      // A plan that has failed is not over before all of its requests are: the next one must not meet them.
      const failed = (await Promise.allSettled(writes)).find((write) => write.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }
    const written =
      this.#upstream === undefined ? undefined : { ...this.#upstream, targets: [...this.#targets.values()] };
    const name = changes[0]?.upstream;
    if (written !== undefined && written.name !== name) return { current: undefined, staged: written };
    return { current: written, staged: this.#staged };
  }

  async #writeOne(change: Change, signal: AbortSignal): Promise<void> {
    switch (change.kind) {
      case 'create-upstream':
        return this.#create(change, signal);
      case 'update-upstream':
        return this.#patchUpstream(change.upstream, change.patch, signal);
      case 'publish-upstream':
        return this.#patchUpstream(change.upstream, { name: change.upstream }, signal);
      case 'add-target':
        return this.#add(change, signal);
      case 'set-weight':
        return this.#patchTarget(change, { weight: change.to }, signal);
      case 'adopt-target':
        return this.#patchTarget(change, { weight: change.weight, tags: change.tags }, signal);
      case 'remove-target':
        return this.#remove(change, signal);
      case 'delete-upstream':
        return this.#delete(change, signal);
      default:
        return assertNever(change);
    }
  }

  async #create(change: ChangeOf<'create-upstream'>, signal: AbortSignal): Promise<void> {
    const answer = await this.#client.request(
      {
        method: 'POST',
        path: '/upstreams',
        body: change.body,
        upstream: change.upstream,
        unmetered: true,
        accept: [409],
      },
      signal,
    );
    if (answer.status === 409) throw new KongChangedError(`upstream ${change.upstream} exists already`);
    this.#upstream = { ...parseUpstream(answer.body), targets: [] };
    this.#isNew = true;
  }

  async #patchUpstream(upstream: string, patch: JsonObject, signal: AbortSignal): Promise<void> {
    const current = this.#known(upstream);
    const answer = await this.#update.send({ path: kongPath('upstreams', current.id), patch, upstream }, signal);
    if (answer.status !== 200) throw new KongChangedError(`upstream ${upstream} is gone, or another has its name`);
    this.#upstream = { ...parseUpstream(answer.body), targets: current.targets };
  }

  async #add(change: ChangeOf<'add-target'>, signal: AbortSignal): Promise<void> {
    const path = `${kongPath('upstreams', this.#known(change.upstream).id)}/targets`;
    if (this.#looksBeforeAdding && !this.#isNew && (await this.#settleExisting(change, path, signal))) return;
    const body = { target: change.target, weight: change.weight, tags: [this.#tag] };
    const answer = await this.#client.request(
      { method: 'POST', path, body, upstream: change.upstream, unmetered: this.#isNew, accept: [404, 409] },
      signal,
    );
    if (answer.status === 404) throw new KongChangedError(`upstream ${change.upstream} is gone`);
    if (answer.status !== 409) this.#keep(answer);
    else if (!(await this.#settleExisting(change, path, signal)))
      throw new KongChangedError(`target ${change.target} came and went`);
  }

  /**
   * Somebody was first, or our own answer was lost: patch it if it is ours, count it as satisfied if it is not. False when
   * it is not there.
   */
  async #settleExisting(change: ChangeOf<'add-target'>, path: string, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#client.request(
      { method: 'GET', path: `${path}${kongPath(change.target)}`, upstream: change.upstream, accept: [404] },
      signal,
    );
    if (answer.status === 404) return false;
    const existing = this.#keep(answer);
    if (isOwned(existing, this.#tag) && existing.weight !== change.weight) {
      await this.#patchTarget(change, { weight: change.weight }, signal);
    }
    return true;
  }

  async #patchTarget(
    change: { readonly upstream: string; readonly target: string },
    patch: JsonObject,
    signal: AbortSignal,
  ) {
    const { upstream } = change;
    const answer = await this.#update.send({ path: this.#targetPath(change), patch, upstream }, signal);
    if (answer.status === 404) throw new KongChangedError(`target ${change.target} of ${change.upstream} is gone`);
    this.#keep(answer);
  }

  async #remove(change: ChangeOf<'remove-target'>, signal: AbortSignal): Promise<void> {
    const answer = await this.#client.request(
      {
        method: 'DELETE',
        path: this.#targetPath(change),
        upstream: change.upstream,
        urgency: 'urgent',
        accept: [404],
        isOvertaken: () => this.#company.isOvertaken(change),
      },
      signal,
    );
    if (answer.status === 404)
      throw new KongChangedError(`target ${change.target} of ${change.upstream} is gone already`);
    this.#targets.delete(change.target);
  }

  async #delete(change: ChangeOf<'delete-upstream'>, signal: AbortSignal): Promise<void> {
    const doomed = [this.#upstream, this.#staged].find((upstream) => upstream?.name === change.at);
    if (doomed === undefined) throw new KongChangedError(`upstream ${change.at} is gone already`);
    await this.#client.request(
      {
        method: 'DELETE',
        path: kongPath('upstreams', doomed.id),
        upstream: change.upstream,
        isOvertaken: () => this.#company.isOvertaken(change),
      },
      signal,
    );
    if (doomed === this.#staged) this.#staged = undefined;
    else this.#upstream = undefined;
  }

  #targetPath(change: { readonly upstream: string; readonly target: string }): string {
    const target = this.#targets.get(change.target);
    if (target === undefined) throw new KongChangedError(`target ${change.target} of ${change.upstream} is not there`);
    return kongPath('upstreams', this.#known(change.upstream).id, 'targets', target.id);
  }

  #known(name: string): CurrentUpstream {
    if (this.#upstream === undefined) throw new KongChangedError(`upstream ${name} is not there`);
    return this.#upstream;
  }

  #keep(answer: KongAnswer): CurrentTarget {
    const target = parseTarget(answer.body);
    this.#targets.set(target.target, target);
    return target;
  }
}

/** Runs of changes that may go side by side. A plan is sorted, so those of one kind stand together. */
function inRanks(changes: readonly Change[]): readonly (readonly Change[])[] {
  const ranks: Change[][] = [];
  for (const change of changes) {
    const rank = ranks.at(-1);
    if (rank?.[0] !== undefined && parallelKey(rank[0]) === parallelKey(change)) rank.push(change);
    else ranks.push([change]);
  }
  return ranks;
}

/** Additions and raises go together, drops and removals after them. */
function parallelKey(change: Change): string {
  switch (change.kind) {
    case 'add-target':
    case 'adopt-target':
      return 'add';
    case 'set-weight':
      return change.to < change.from ? 'remove' : 'add';
    case 'remove-target':
      return 'remove';
    case 'create-upstream':
    case 'update-upstream':
    case 'publish-upstream':
    case 'delete-upstream':
      return change.kind;
    default:
      return assertNever(change);
  }
}
