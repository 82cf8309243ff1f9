import { canonicalTarget } from './address.ts';
import type { BindingOptions } from './binding.ts';
import {
  type Check,
  checksWorstFirst,
  type Instance,
  type InstanceState,
  instanceKey,
  instanceState,
} from './instance.ts';

/** Why an instance is not a target. The names are the `reason` label of the skip metric. */
export type SkipReason =
  | 'critical'
  | 'maintenance'
  | 'warning'
  | 'no_address'
  | 'no_port'
  | 'bad_port'
  | 'zone_id'
  | 'mapped_ipv6'
  | 'bad_address';

/** Reasons that are no matter of health: the registration has to be mended. */
const UNUSABLE: ReadonlySet<string> = new Set([
  'no_address',
  'no_port',
  'bad_port',
  'zone_id',
  'mapped_ipv6',
  'bad_address',
] satisfies SkipReason[]);

/** Whether an instance can be no target whatever its checks say. */
export function isUnusable(reason: string | null | undefined): boolean {
  return reason !== undefined && reason !== null && UNUSABLE.has(reason);
}

/** What became of one instance, and by which rule: what `explain` prints. */
export interface Verdict {
  readonly instance: string;
  readonly state: InstanceState;
  /** The failing checks, worst first, as `id (status)`. */
  readonly causes: readonly string[];
  /** All checks, node checks included, worst first. */
  readonly checks: readonly Check[];
  /** `host:port` as it is registered, without what is missing. */
  readonly address: string;
  readonly target?: string;
  readonly weight: number;
  readonly skipped?: SkipReason;
  /** The instance is a target although its checks speak against it. */
  readonly kept: boolean;
  /** Kong resolves a host name itself, with Kong's DNS rules. */
  readonly hostName: boolean;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * | state       | `passing_only: false` | `passing_only: true` | kept (no instance passing) |
 * | ----------- | --------------------- | -------------------- | -------------------------- |
 * | passing     | Weights.Passing       | Weights.Passing      | Weights.Passing            |
 * | warning     | Weights.Warning       | skipped              | Weights.Warning            |
 * | critical    | skipped               | skipped              | Weights.Warning            |
 * | maintenance | skipped               | skipped              | skipped                    |
 *
 * A kept instance weighs at least 1, or an upstream of nothing but zero weights would answer 503. An instance whose
 * address Kong would refuse is skipped whatever its state.
 */
export function judge(instance: Instance, options: BindingOptions, keepAll: boolean): Verdict {
  const state = instanceState(instance);
  const checks = checksWorstFirst(instance);
  const causes = checks.filter(({ status }) => status !== 'passing').map(({ id, status }) => `${id} (${status})`);
  const address = chooseAddress(instance, options);
  const base = {
    instance: instanceKey(instance),
    state,
    causes,
    checks,
    kept: false,
    hostName: false,
    weight: 0,
    address: addressText(address),
  };
  const canonical = canonicalTarget(address.host, address.port);
  if (!canonical.ok) return { ...base, skipped: canonical.reason };

  const placed = { ...base, target: canonical.target, hostName: canonical.kind === 'name' };
  const weight = weightOf(instance, state);
  if (state === 'maintenance') return { ...placed, skipped: state };
  if (keepAll) return { ...placed, kept: !isHealthy(state, options), weight: Math.max(1, weight) };
  if (state === 'passing' || isHealthy(state, options)) return { ...placed, weight };
  return { ...placed, skipped: state };
}

/** Whether an instance in this state gets traffic while enough others do. */
export function isHealthy(state: InstanceState, options: BindingOptions): boolean {
  return state === 'passing' || (state === 'warning' && !options.passingOnly);
}

function weightOf(instance: Instance, state: InstanceState): number {
  return state === 'passing' ? instance.weights.passing : instance.weights.warning;
}

/** `TaggedAddresses[address_tag]`, else `Service.Address`, else `Node.Address`; the binding's `port` goes first. */
function chooseAddress(instance: Instance, options: BindingOptions): Address {
  const fallback = instance.serviceAddress === '' ? instance.nodeAddress : instance.serviceAddress;
  const tagged = options.addressTag === undefined ? undefined : ownValue(instance.taggedAddresses, options.addressTag);
  const host = tagged?.address || fallback;
  const port = options.port ?? (tagged?.port || instance.port);
  return { host, port };
}

function addressText({ host, port }: Address): string {
  return port === 0 ? host : `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}

function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
