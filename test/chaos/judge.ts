import type { AdminAnswer } from '../kong-double/errors.ts';
import type { AdminRequest } from '../kong-double/request.ts';
import type { Entity } from '../kong-double/schema.ts';
import type { Tables } from '../kong-double/tables.ts';
import { BOUND, type Bound, OWNER_TAG } from './bound.ts';
import type { Model } from './model.ts';

/** What must not happen, whatever else does. */
export type FindingKind = 'wrongful removal' | 'foreign write' | 'other';

export interface Finding {
  readonly kind: FindingKind;
  readonly what: string;
}

export interface JudgeOptions {
  readonly model: Model;
  readonly tables: () => Tables;
  /** Something that has been true for less long may not have reached the sidecar yet. */
  readonly leewayMs: number;
  readonly emptyGraceMs: number;
  readonly find: (finding: Finding) => void;
}

const STAGING = 'kong-consul-staging.';

/** Looks at every write that Kong deals with, before and after it. */
export class Judge {
  readonly #options: JudgeOptions;
  /** Called after each write, with how many there were since it was set. */
  #afterWrite: ((count: number) => void) | undefined;
  #count = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** Calls back right after each write was done and before its answer is sent. */
  watchWrites(afterWrite: ((count: number) => void) | undefined): void {
    this.#afterWrite = afterWrite;
    this.#count = 0;
  }

  readonly around = (request: AdminRequest, answer: () => AdminAnswer, atEpochMs: number): AdminAnswer => {
    if (request.method === 'GET') return answer();
    const atMs = atEpochMs - performance.timeOrigin;
    const { upstream, target } = this.#subjectOf(request);
    this.#judgeOwnership(request, upstream, target);
    const bound = BOUND.find(({ upstream: name }) => name === upstream?.name);
    const before = bound === undefined ? 0 : this.#usableTargets(bound);
    const result = answer();
    if (result.status < 300) {
      if (bound !== undefined) this.#judgeRemoval(request, bound, target, atMs);
      for (const each of BOUND) this.#judgeEmptiness(each, each === bound ? before : 0, request, atMs);
    }
    this.#count += 1;
    this.#afterWrite?.(this.#count);
    return result;
  };

  #subjectOf({ segments }: AdminRequest): {
    readonly upstream: Entity | undefined;
    readonly target: Entity | undefined;
  } {
    const [kind, name, below, key] = segments;
    if (kind !== 'upstreams' || name === undefined) return { upstream: undefined, target: undefined };
    const tables = this.#options.tables();
    const upstream = tables.find('upstreams', name);
    if (upstream === undefined || below !== 'targets' || key === undefined) return { upstream, target: undefined };
    return { upstream, target: tables.findTarget(String(upstream.id), key) };
  }

  #judgeOwnership(request: AdminRequest, upstream: Entity | undefined, target: Entity | undefined): void {
    const { method, segments, body } = request;
    const label = `${method} ${request.path}`;
    const isTarget = segments[2] === 'targets';
    if (segments[0] !== 'upstreams') this.#find('foreign write', `${label}: not an upstream`);
    else if (method === 'POST' && !isOwned(body)) this.#find('foreign write', `${label}: made without the owner tag`);
    else if (method === 'POST' && isTarget && upstream !== undefined && !isOwned(upstream) && !isBound(upstream))
      this.#find('foreign write', `${label}: a target for ${String(upstream.name)}`);
    else if (method !== 'POST') {
      const changed = isTarget ? target : upstream;
      if (changed !== undefined && !isOwned(changed))
        this.#find('foreign write', `${label}: ${String(changed.target ?? changed.name)} is not ours`);
    }
  }

  #judgeRemoval({ method, body }: AdminRequest, bound: Bound, target: Entity | undefined, atMs: number): void {
    const { model, leewayMs } = this.#options;
    const isRemoval = method === 'DELETE' || (method === 'PATCH' && body?.weight === 0);
    if (!isRemoval) return;
    if (target === undefined) {
      if (model.filledForMs(bound, atMs) > leewayMs) this.#find('wrongful removal', `upstream ${bound.upstream}`);
      return;
    }
    const address = String(target.target);
    const servingMs = model.servingForMs(bound, address, atMs);
    if (servingMs > leewayMs)
      this.#find('wrongful removal', `${address} of ${bound.upstream}, serving for ${Math.round(servingMs)} ms`);
  }

  #judgeEmptiness(bound: Bound, before: number, request: AdminRequest, atMs: number): void {
    const upstream = this.#options.tables().find('upstreams', bound.upstream);
    if (upstream === undefined || this.#usableTargets(bound) > 0) return;
    const isNew = bound.inUse && request.method !== 'DELETE' && String(request.body?.name) === bound.upstream;
    if (isNew) this.#find('other', `${bound.upstream} took its host over without a target`);
    if (before === 0) return;
    const { model, leewayMs, emptyGraceMs } = this.#options;
    const filledMs = model.filledForMs(bound, atMs);
    const emptyMs = model.emptyForMs(bound, atMs);
    const last = `the last target of ${bound.upstream}`;
    if (filledMs > leewayMs) this.#find('wrongful removal', `${last}, filled for ${Math.round(filledMs)} ms`);
    if (emptyMs !== undefined && emptyMs > leewayMs && emptyMs < emptyGraceMs)
      this.#find('wrongful removal', `${last}, only ${Math.round(emptyMs)} ms after its last instance went`);
  }

  #usableTargets(bound: Bound): number {
    const tables = this.#options.tables();
    const upstream = tables.find('upstreams', bound.upstream);
    if (upstream === undefined) return 0;
    return tables.targetsOf(String(upstream.id)).filter(({ weight }) => Number(weight) > 0).length;
  }

  #find(kind: FindingKind, what: string): void {
    this.#options.find({ kind, what });
  }
}

function isOwned(entity: Entity | undefined): boolean {
  return Array.isArray(entity?.tags) && entity.tags.includes(OWNER_TAG);
}

function isBound({ name }: Entity): boolean {
  const bound = String(name).startsWith(STAGING) ? String(name).slice(STAGING.length) : name;
  return BOUND.some(({ upstream }) => upstream === bound);
}
