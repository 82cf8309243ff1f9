import { verdictReason } from './explain.ts';
import { mendOf } from './mend.ts';
import { isDisputed } from './node-health.ts';
import type { CurrentTarget } from './state.ts';
import type { Verdict } from './verdict.ts';

/** Whether an instance gets traffic through Kong, who decided that, and why, as a sentence. */
export interface Traffic {
  readonly gets: 'yes' | 'no' | 'unknown';
  readonly decidedBy: 'Consul' | 'kong-consul' | 'Kong';
  readonly why: string;
  /** What a person can do about it, as a sentence. */
  readonly mend: string | undefined;
}

/** What Kong holds at an instance's address, and thinks of it. */
export interface TargetInKong {
  readonly target: Pick<CurrentTarget, 'weight'> | undefined;
  /** Kong's own word; undefined when it could not be asked. */
  readonly health: string | undefined;
}

/**
 * Follows one instance from Consul to Kong. The first row that fits decides.
 *
 * | verdict   | in Kong      | Kong's own health   | traffic | decided by  |
 * | --------- | ------------ | ------------------- | ------- | ----------- |
 * | any       | weight 0     | any                 | no      | Consul      |
 * | any       | yes          | UNHEALTHY           | no      | Kong        |
 * | any       | yes          | DNS_ERROR           | no      | Kong        |
 * | no target | yes          | any other           | yes     | kong-consul |
 * | no target | no           | -                   | no      | Consul      |
 * | target    | no           | -                   | no      | kong-consul |
 * | kept      | yes          | HEALTHY or OFF      | yes     | kong-consul |
 * | target    | yes          | HEALTHY             | yes     | Kong        |
 * | target    | yes          | HEALTHCHECKS_OFF    | yes     | Consul      |
 * | target    | yes          | nodes differ        | unknown | Kong        |
 * | target    | yes          | not known           | unknown | Kong        |
 */
export function trafficOf(verdict: Verdict, inKong: TargetInKong): Traffic {
  const decided = decide(verdict, inKong);
  return { ...decided, mend: mendOf(verdict, { ...decided, weight: inKong.target?.weight, health: inKong.health }) };
}

function decide(verdict: Verdict, { target, health }: TargetInKong): Omit<Traffic, 'mend'> {
  const isWanted = verdict.skipped === undefined;
  const reason = verdictReason(verdict);
  if (target === undefined) {
    if (!isWanted) return { gets: 'no', decidedBy: 'Consul', why: reason };
    return { gets: 'no', decidedBy: 'kong-consul', why: `${reason}, but Kong does not hold it yet` };
  }
  const but = `${reason}${isWanted ? ', but' : ', and'}`;
  if (target.weight === 0) return { gets: 'no', decidedBy: 'Consul', why: `${but} its weight in Kong is 0` };
  if (health === 'UNHEALTHY')
    return { gets: 'no', decidedBy: 'Kong', why: `${but} Kong's own health checks call it UNHEALTHY` };
  if (health === 'DNS_ERROR')
    return { gets: 'no', decidedBy: 'Kong', why: `${but} Kong cannot resolve its host name (DNS_ERROR)` };
  if (!isWanted) return { gets: 'yes', decidedBy: 'kong-consul', why: `${reason}, but Kong still holds it` };
  // Consul speaks against one that is kept: it is our rule that sends traffic there.
  const by = (usual: Traffic['decidedBy']) => (verdict.kept ? 'kong-consul' : usual);
  switch (health) {
    case 'HEALTHY':
      return { gets: 'yes', decidedBy: by('Kong'), why: `${reason}, and Kong's own health checks call it HEALTHY` };
    case 'HEALTHCHECKS_OFF':
      return { gets: 'yes', decidedBy: by('Consul'), why: `${reason}; Kong does not check it itself` };
    default:
      if (health !== undefined && isDisputed(health))
        return { gets: 'unknown', decidedBy: 'Kong', why: `${reason}, and Kong's nodes differ: ${health}` };
      return {
        gets: 'unknown',
        decidedBy: 'Kong',
        why: `${reason}, and Kong holds it; its own health of it is not known`,
      };
  }
}
