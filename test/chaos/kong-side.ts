import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import type { Entity } from '../kong-double/schema.ts';
import { BOUND, type Bound, OWNER_TAG } from './bound.ts';
import { type Finding, Judge } from './judge.ts';
import type { Model } from './model.ts';

const FOREIGN_UPSTREAM = 'billing.internal';
/** Untagged, with the name of a binding. */
const SHARED_UPSTREAM = 'old.service.consul';
/** Untagged targets in it; the first has the address of an instance. */
const SHARED_TARGETS = ['10.5.0.1:8000', '192.0.2.20:9000'];
/** An untagged target in an upstream of ours. */
const GUEST = { upstream: 'web.service.consul', target: '192.0.2.30:9000', weight: 1 } as const;

export interface KongSideOptions {
  readonly model: Model;
  readonly leewayMs: number;
  readonly emptyGraceMs: number;
  readonly find: (finding: Finding) => void;
}

/** The Kong of the campaign: the double, what its operator put there, and the judge of what is written. */
export class KongSide {
  readonly double: KongDouble;
  readonly judge: Judge;
  readonly #model: Model;
  readonly #find: (finding: Finding) => void;
  #foreign = new Map<string, string>();

  constructor(double: KongDouble, judge: Judge, options: KongSideOptions) {
    this.double = double;
    this.judge = judge;
    this.#model = options.model;
    this.#find = options.find;
  }

  /** What an operator has in Kong: Services, the plugin, and objects that are nobody's business. */
  async seed(): Promise<void> {
    for (const { upstream, service, source, inUse } of BOUND) {
      if (!inUse) continue;
      await this.double.seed('POST', '/services', { name: service, host: upstream });
      await this.double.seed('POST', `/services/${service}/routes`, { name: service, paths: [`/${service}`] });
      if (source === 'file') continue;
      const plugin = { name: 'kong-upstream-healthcheck', config: { service } };
      await this.double.seed('POST', `/services/${service}/plugins`, plugin);
    }
    await this.double.seed('POST', '/upstreams', { name: FOREIGN_UPSTREAM, algorithm: 'least-connections' });
    await this.double.seed('POST', `/upstreams/${FOREIGN_UPSTREAM}/targets`, { target: '192.0.2.10:9000', weight: 7 });
    await this.double.seed('POST', '/upstreams', { name: SHARED_UPSTREAM, tags: ['of-another-team'] });
    for (const target of SHARED_TARGETS)
      await this.double.seed('POST', `/upstreams/${SHARED_UPSTREAM}/targets`, { target, weight: 3 });
    this.#foreign = new Map(this.#foreignEntities());
  }

  /** Somebody puts a target of his own into an upstream of ours, once there is one. */
  async seedGuest(): Promise<void> {
    const { upstream, ...target } = GUEST;
    if (this.double.admin.tables.find('upstreams', upstream) === undefined) return;
    if (this.double.targets(upstream).includes(`${target.target}=${target.weight}`)) return;
    await this.double.seed('POST', `/upstreams/${upstream}/targets`, target);
    this.#foreign = new Map(this.#foreignEntities());
  }

  /** The database is new. The operator's own objects are there before anything of ours. */
  async startEmpty(): Promise<void> {
    await this.double.stop();
    this.double.empty();
    await this.seed();
    await this.double.listen();
  }

  /** Foreign objects that are gone or changed, each reported once. */
  checkForeign(): void {
    const now = new Map(this.#foreignEntities());
    for (const [id, before] of this.#foreign) {
      if (now.get(id) !== before) this.#find({ kind: 'foreign write', what: `changed or gone: ${before}` });
    }
    this.#foreign = now;
  }

  /** Where Kong is not as it should be by what is registered. */
  differences(): readonly string[] {
    const { tables } = this.double.admin;
    const names = new Set(BOUND.map(({ upstream }) => upstream));
    const orphans = tables
      .all('upstreams')
      .filter((upstream) => isOwned(upstream) && !names.has(String(upstream.name)))
      .map(({ name }) => `left over: ${String(name)}`);
    return [...BOUND.flatMap((bound) => this.#differencesOf(bound)), ...orphans];
  }

  #differencesOf(bound: Bound): readonly string[] {
    const { tables } = this.double.admin;
    const upstream = tables.find('upstreams', bound.upstream);
    const held = upstream === undefined ? [] : tables.targetsOf(String(upstream.id));
    const foreign = new Set(held.filter((target) => !isOwned(target)).map(({ target }) => String(target)));
    const actual = new Set(held.filter(isOwned).map(({ target, weight }) => `${String(target)}=${String(weight)}`));
    const expected = new Set(
      [...this.#model.expected(bound)]
        .filter(([target]) => !foreign.has(target))
        .map(([target, weight]) => `${target}=${weight}`),
    );
    return [
      ...[...expected].filter((line) => !actual.has(line)).map((line) => `${bound.upstream} lacks ${line}`),
      ...[...actual].filter((line) => !expected.has(line)).map((line) => `${bound.upstream} has ${line}`),
    ];
  }

  #foreignEntities(): readonly (readonly [string, string])[] {
    const { tables } = this.double.admin;
    const kinds = ['services', 'routes', 'plugins', 'upstreams', 'targets'] as const;
    return kinds
      .flatMap((kind) => tables.all(kind))
      .filter((entity) => !isOwned(entity))
      .map((entity) => [String(entity.id), JSON.stringify(entity)]);
  }
}

export async function startKongSide(options: KongSideOptions): Promise<KongSide> {
  // The judge looks into the double, the double calls the judge: the first request comes after both are there.
  const judge: Judge = new Judge({ ...options, tables: () => double.admin.tables });
  const double: KongDouble = await startKongDouble({ around: judge.around });
  const side = new KongSide(double, judge, options);
  await side.seed();
  return side;
}

function isOwned({ tags }: Entity): boolean {
  return Array.isArray(tags) && tags.includes(OWNER_TAG);
}
