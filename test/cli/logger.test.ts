import { describe, expect, test } from 'vitest';
import { derive } from '../../sidecar/src/core/desired.ts';
import type { Instance } from '../../sidecar/src/core/instance.ts';
import { EventLog } from '../../sidecar/src/log/event-log.ts';
import { createLogger } from '../../sidecar/src/log/logger.ts';
import { prettyLine } from '../../sidecar/src/log/pretty.ts';
import type { ReportState, UpstreamReport } from '../../sidecar/src/reconcile/report.ts';
import { binding, check, instance, instances } from '../core/builders.ts';

function said(format: 'json' | 'pretty', tell: (events: EventLog) => void, level = 'info'): readonly string[] {
  let written = '';
  const destination = {
    write: (line: string) => {
      written += line;
    },
  };
  tell(new EventLog(createLogger({ level, format, destination, colour: false })));
  return written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3}Z /, ''));
}

function report(list: readonly Instance[], state: ReportState = 'in_sync'): UpstreamReport {
  const { verdicts, counts } = derive(binding(), list);
  const base = { upstream: 'web', sources: [], notes: [], targets: 0, present: [], malformed: 0, updatedMs: 0 };
  return { ...base, state, verdicts, counts };
}

describe('a person reads one sentence a change', () => {
  const reason = 'node-1/web-1 is passing';
  test.each<[(events: EventLog) => void, string]>([
    [
      (events) =>
        events.change({ kind: 'add-target', upstream: 'web', target: '10.0.0.1:80', weight: 1, reason }, false),
      'info  web: target 10.0.0.1:80 added, weight 1: node-1/web-1 is passing',
    ],
    [
      (events) =>
        events.change({ kind: 'add-target', upstream: 'web', target: '10.0.0.1:80', weight: 1, reason }, true),
      'WARN  web: target 10.0.0.1:80 added, for somebody else had changed it in Kong, weight 1: node-1/web-1 is passing',
    ],
    [
      (events) =>
        events.change({ kind: 'set-weight', upstream: 'web', target: '10.0.0.1:80', from: 1, to: 5, reason }, false),
      'info  web: target 10.0.0.1:80 weight changed, 1 -> 5: node-1/web-1 is passing',
    ],
    [
      (events) =>
        events.change(
          {
            kind: 'remove-target',
            upstream: 'web',
            target: '10.0.0.1:80',
            reason: 'node-1/web-1 is critical because of http (critical)',
          },
          false,
        ),
      'info  web: target 10.0.0.1:80 removed: node-1/web-1 is critical because of http (critical)',
    ],
    [
      (events) =>
        events.change(
          {
            kind: 'update-upstream',
            upstream: 'web',
            fields: [{ path: 'algorithm', from: 'round-robin', to: 'least-connections' }],
            patch: {},
          },
          false,
        ),
      'info  web: upstream changed: algorithm round-robin -> least-connections',
    ],
    [
      (events) => events.report(undefined, report([instance({ id: 'web-3', port: 0 })]), 'web'),
      'WARN  web: instance node-1/web-3 cannot be a target: it is registered without a port (reason no_port)',
    ],
  ])('%#', (tell, sentence) => {
    expect(said('pretty', tell)).toEqual([sentence]);
  });
});

test('a machine can group by a fixed sentence and find the data beside it', () => {
  const [line = ''] = said('json', (events) =>
    events.change({ kind: 'add-target', upstream: 'web', target: '10.0.0.1:80', weight: 1, reason: 'r' }, false),
  );
  expect(JSON.parse(line)).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    upstream: 'web',
    target: '10.0.0.1:80',
    weight: 1,
    reason: 'r',
    msg: 'target added',
  });
});

test('what does not change is said once', () => {
  const noPort = [instance({ id: 'web-3', port: 0 }), ...instances(2)];
  const critical = instances(2, 'critical');
  const lines = said('pretty', (events) => {
    events.report(undefined, report(noPort), 'web');
    events.report(report(noPort), report(noPort), 'web');
    events.report(report(noPort), report(critical), 'web');
    events.report(report(critical), report(critical), 'web');
    events.report(report(critical), report([]), 'web');
    events.report(report(critical), report(instances(2)), 'web');
    events.report(report(instances(2)), report(noPort), 'web');
  });
  expect(lines.map((line) => line.replace(/: it is registered.*/, ''))).toEqual([
    'WARN  web: instance node-1/web-3 cannot be a target',
    'WARN  web: too few instances are healthy: those that are not stay targets (registered 2, healthy 0)',
    'info  web: enough instances are healthy again (registered 2, healthy 2)',
    'WARN  web: instance node-1/web-3 cannot be a target',
  ]);
});

test('what others named starts no line and moves no cursor', () => {
  const json = JSON.stringify({ time: '2026-01-01T00:00:00.000Z', level: 'info', upstream: 'a\n\u001b[2Jb', msg: 'x' });
  expect(prettyLine(json, false)).toBe('00:00:00.000Z info  a [2Jb: x\n');
});

test('levels are coloured for terminals only', () => {
  const json = JSON.stringify({ time: '2026-01-01T00:00:00.000Z', level: 'warn', msg: 'x', check: check('passing') });
  expect(prettyLine(json, true)).toContain('\u001b[33mWARN \u001b[0m x (check {');
});
