/** One upstream of the campaign, and what its binding says. */
export interface Bound {
  readonly upstream: string;
  readonly service: string;
  /** Only instances with it. */
  readonly tag?: string;
  readonly source: 'plugin' | 'file';
  /** A Kong Service sends its traffic there: it may never be seen empty, not even while it is made. */
  readonly inUse: boolean;
  readonly passingOnly: boolean;
  /** `on_no_healthy: keep`. */
  readonly keep: boolean;
}

export const OWNER = 'chaos';
export const OWNER_TAG = `kong-consul:${OWNER}`;
export const SERVICES: readonly string[] = ['web', 'api', 'pay', 'jobs', 'old'];
/** Instances a service may have. */
export const SLOTS = 5;

const usual = { source: 'file', inUse: true, passingOnly: false, keep: true } as const;

export const BOUND: readonly Bound[] = [
  { ...usual, upstream: 'web.service.consul', service: 'web', source: 'plugin' },
  { ...usual, upstream: 'api.internal', service: 'api', source: 'plugin' },
  { ...usual, upstream: 'pay.service.consul', service: 'pay', passingOnly: true },
  { ...usual, upstream: 'jobs', service: 'jobs', inUse: false, keep: false },
  // Somebody else's upstream of that name: only targets are ours.
  { ...usual, upstream: 'old.service.consul', service: 'old' },
  { ...usual, upstream: 'v2.web.service.consul', service: 'web', tag: 'v2', inUse: false },
];

/** The `upstreams:` of the config file. */
export function fileBindings(): Readonly<Record<string, unknown>> {
  const blocks = BOUND.filter(({ source }) => source === 'file').map((bound) => [
    bound.upstream,
    {
      ...(bound.tag === undefined && { service: bound.service }),
      ...(bound.passingOnly && { passing_only: true }),
      ...(!bound.keep && { on_no_healthy: 'remove' }),
    },
  ]);
  return Object.fromEntries(blocks);
}
