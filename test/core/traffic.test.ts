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

describe('what a person can do about it', () => {
  const kept = judge(instance({ checks: [check('critical', 'http')] }), options(), true);
  const judged = (given: Partial<Instance>, passingOnly = false) =>
    judge(instance(given), options({ passingOnly }), false);
  test.each<[string, typeof passing, number | undefined, string | undefined, string | undefined]>([
    ['all is well', passing, 1, 'HEALTHY', undefined],
    ['nothing is known', passing, 1, undefined, undefined],
    ['it is written soon', passing, undefined, undefined, undefined],
    ['a check fails', critical, undefined, undefined, 'mend what the check says: it is a target again as soon as'],
    ['a check fails, and Kong sees it too', critical, 1, 'UNHEALTHY', 'mend what the check says'],
    [
      'its node is gone',
      judged({ checks: [check('critical', 'serfHealth')] }),
      undefined,
      undefined,
      'see whether node-1 is up and its Consul agent runs',
    ],
    ['passing_only', judged({ checks: [check('warning')] }, true), undefined, undefined, 'take passing_only out'],
    [
      'maintenance',
      judged({ checks: [check('critical', '_service_maintenance:web-1')] }),
      undefined,
      undefined,
      'on node-1, when the work is done: consul maint -disable -service=web-1',
    ],
    [
      'maintenance of the node',
      judged({ checks: [check('critical', '_node_maintenance')] }),
      undefined,
      undefined,
      'on node-1, when the work is done: consul maint -disable',
    ],
    ['no port', judged({ port: 0 }), undefined, undefined, 'register it with a port, or set "port" in the binding'],
    ['bad port', judged({ port: 70_000 }), undefined, undefined, 'register it with a port from 1 to 65535'],
    ['weight 0', passing, 0, 'HEALTHCHECKS_OFF', 'raise its Weights where it is registered'],
    ['Kong finds it ill', passing, 1, 'UNHEALTHY', "try 10.0.0.1:8080 from Kong's machine"],
    ['Kong cannot resolve it', passing, 1, 'DNS_ERROR', 'register an IP address'],
    ['kept', kept, 1, 'HEALTHY', 'mend what the checks say: once enough instances pass, those that fail are taken out'],
    ['kept, and Kong sees it too', kept, 1, 'UNHEALTHY', 'mend what the checks say'],
  ])('%s', (_, verdict, weight, health, mend) => {
    const traffic = trafficOf(verdict, { target: weight === undefined ? undefined : { weight }, health });
    if (mend === undefined) expect(traffic.mend).toBeUndefined();
    else expect(traffic.mend).toContain(mend);
  });

  test('one that is kept although it fails gets traffic by our rule, not by what Consul says', () => {
    expect(trafficOf(kept, { target: { weight: 1 }, health: 'HEALTHCHECKS_OFF' }).decidedBy).toBe('kong-consul');
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
      'target: check http is critical; it stays a target, for too few are healthy (on_no_healthy: keep)',
    ],
    [{ checks: [maintenance] }, {}, true, 'no target: somebody put its node in maintenance'],
    [
      { checks: [check('critical', '_service_maintenance:web-1')] },
      {},
      false,
      'no target: somebody put it in maintenance',
    ],
    [{ port: 0 }, {}, false, 'no target: it is registered without a port'],
    [{ weights: { passing: 0, warning: 0 } }, {}, false, 'target: its weight in Consul is 0, so Kong sends it nothing'],
  ])('%o %o, kept: %s', (overrides, settings, keepAll, sentence) => {
    expect(explainVerdict(judge(instance(overrides), options(settings), keepAll))).toBe(sentence);
  });
});
