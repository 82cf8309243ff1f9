import { describe, expect, test } from 'vitest';
import { explainVerdict } from '../../sidecar/src/core/explain.ts';
import type { Check, Instance } from '../../sidecar/src/core/instance.ts';
import { type Traffic, trafficOf } from '../../sidecar/src/core/traffic.ts';
import { judge } from '../../sidecar/src/core/verdict.ts';
import { check, instance, options } from './builders.ts';

const passing = judge(instance(), options(), false);
const critical = judge(
  instance({ checks: [check('passing', 'serfHealth'), check('critical', 'http')] }),
  options(),
  false,
);

describe('who decides whether an instance gets traffic', () => {
  test.each<[string, typeof passing, number | undefined, string | undefined, Traffic['gets'], string, string]>([
    [
      'passing, healthy',
      passing,
      1,
      'HEALTHY',
      'yes',
      'Kong',
      "all its checks pass, and Kong's own health checks call it HEALTHY",
    ],
    [
      'passing, not checked',
      passing,
      1,
      'HEALTHCHECKS_OFF',
      'yes',
      'Consul',
      'all its checks pass; Kong does not check it itself',
    ],
    [
      'passing, unhealthy in Kong',
      passing,
      1,
      'UNHEALTHY',
      'no',
      'Kong',
      "all its checks pass, but Kong's own health checks call it UNHEALTHY",
    ],
    ['passing, no address for its name', passing, 1, 'DNS_ERROR', 'no', 'Kong', 'cannot resolve'],
    ['passing, weight 0', passing, 0, 'HEALTHCHECKS_OFF', 'no', 'Consul', 'its weight in Kong is 0'],
    [
      'passing, not in Kong',
      passing,
      undefined,
      undefined,
      'no',
      'kong-consul',
      'all its checks pass, but Kong does not hold it yet',
    ],
    ['passing, Kong does not tell', passing, 1, undefined, 'unknown', 'Kong', 'is not known'],
    ['passing, Kong has not built it yet', passing, 1, 'not known yet', 'unknown', 'Kong', 'is not known'],
    ['passing, data planes differ', passing, 1, 'HEALTHY at a; UNHEALTHY at b', 'unknown', 'Kong', 'UNHEALTHY at b'],
    ['critical, not in Kong', critical, undefined, undefined, 'no', 'Consul', 'check http is critical'],
    [
      'critical, still in Kong',
      critical,
      1,
      'HEALTHY',
      'yes',
      'kong-consul',
      'check http is critical, but Kong still holds it',
    ],
    ['critical, unhealthy in Kong', critical, 1, 'UNHEALTHY', 'no', 'Kong', 'check http is critical, and Kong'],
  ])('%s', (_, verdict, weight, health, gets, decidedBy, why) => {
    const traffic = trafficOf(verdict, { target: weight === undefined ? undefined : { weight }, health });
    expect(traffic).toMatchObject({ gets, decidedBy });
    expect(traffic.why).toContain(why);
  });
});

describe('the rule as a sentence', () => {
  const maintenance: Check = { ...check('critical', '_node_maintenance'), name: 'Node Maintenance Mode' };
  test.each<[Partial<Instance>, Partial<Parameters<typeof options>[0]>, boolean, string]>([
    [{}, {}, false, 'target: all its checks pass'],
    [{ checks: [] }, {}, false, 'target: Consul has no check on it'],
    [{ checks: [check('critical', 'b'), check('critical', 'a')] }, {}, false, 'no target: checks a, b are critical'],
    [
      { checks: [check('critical', 'serfHealth')] },
      {},
      false,
      'no target: check serfHealth is critical (Consul does not reach its node)',
    ],
    [{ checks: [check('warning', 'disk')] }, {}, false, 'target: check disk is warning, so it has its warning weight'],
    [
      { checks: [check('warning', 'disk')] },
      { passingOnly: true },
      false,
      'no target: check disk is warning, and passing_only is set',
    ],
    [
      { checks: [check('critical', 'http')] },
      {},
      true,
      'target: check http is critical, but too few instances are healthy and on_no_healthy is keep',
    ],
    [{ checks: [maintenance] }, {}, true, 'no target: somebody put its node in maintenance'],
    [
      { checks: [check('critical', '_service_maintenance:web-1')] },
      {},
      false,
      'no target: somebody put it in maintenance',
    ],
    [{ port: 0 }, {}, false, 'no target: it is registered without a port; register one, or set "port" on the binding'],
    [{ weights: { passing: 0, warning: 0 } }, {}, false, 'target: its weight in Consul is 0, so Kong sends it nothing'],
  ])('%o %o, kept: %s', (overrides, settings, keepAll, sentence) => {
    expect(explainVerdict(judge(instance(overrides), options(settings), keepAll))).toBe(sentence);
  });
});
