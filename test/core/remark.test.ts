import { expect, test } from 'vitest';
import { derive } from '../../sidecar/src/core/desired.ts';
import type { Hold } from '../../sidecar/src/core/guard.ts';
import type { Instance } from '../../sidecar/src/core/instance.ts';
import { remarkOf } from '../../sidecar/src/reconcile/remark.ts';
import type { UpstreamReport } from '../../sidecar/src/reconcile/report.ts';
import { binding, check, instance, instances } from './builders.ts';

const CRITICAL = [check('critical', 'http')];
const noPort = instance({ id: 'web-9', port: 0 });
const ill = instance({ id: 'web-8', checks: CRITICAL });
const hold: Hold = { reason: 'empty_grace', why: 'no instance is registered', changes: [], untilMs: 0 };

function report(list: readonly Instance[], given: Partial<UpstreamReport> = {}, options = {}): UpstreamReport {
  const { verdicts, counts, desired } = derive(binding(options), list);
  const base = { upstream: 'web', state: 'in_sync', sources: [], notes: [], present: [], updatedMs: 0 } as const;
  return { ...base, malformed: 0, targets: desired.targets.length, verdicts, counts, ...given };
}

test.each<[string, UpstreamReport, string]>([
  ['all is well', report(instances(3)), ''],
  ['a problem goes before all else', report([ill], { problem: 'Kong answered 400', hold }), 'Kong answered 400'],
  [
    'held for a time',
    report([ill], { hold }),
    'no instance is registered; removed at 00:00:00 UTC if Consul still knows none',
  ],
  [
    'held until something happens',
    report([noPort], { hold: { ...hold, reason: 'no_usable_instance', why: 'none can be used', untilMs: undefined } }),
    'none can be used; held until one of them can be a target',
  ],
  ['nothing registered any more', report([]), 'Consul knows no instance: the upstream is empty'],
  [
    'nothing registered yet',
    report([], { notes: ['not created: nothing is known'] }),
    'Consul knows no instance: the upstream is not created before there is one',
  ],
  [
    'one that cannot be used',
    report([...instances(2), noPort]),
    'node-1/web-9 cannot be a target: it is registered without a port',
  ],
  ['one that fails', report([...instances(2), ill]), 'node-1/web-8 is no target: check http is critical'],
  [
    'two that fail',
    report([...instances(2), ill, instance({ id: 'web-7', checks: CRITICAL })]),
    '2 of 4 instances get nothing: node-1/web-7 is no target: check http is critical',
  ],
  ['all fail, and are kept', report(instances(2, 'critical')), 'no instance is healthy: 2 targets stay all the same'],
  [
    'all fail, and go',
    report(instances(2, 'critical'), {}, { onNoHealthy: 'remove' }),
    'no instance is healthy: there is no target',
  ],
  [
    'too few pass',
    report([...instances(1), ill, noPort], {}, { panicThreshold: 60 }),
    'too few instances are healthy, 1 of 3: all of them stay targets',
  ],
  ['entries that are broken', report(instances(1), { malformed: 1 }), "1 entry of Consul's answer cannot be read"],
  ['a note', report(instances(1), { notes: ['not created: nothing is known'] }), 'not created: nothing is known'],
])('%s', (_, given, remark) => expect(remarkOf(given)).toBe(remark));
