import { beforeEach, expect, test } from 'vitest';
import type { Change } from '../../sidecar/src/core/change.ts';
import type { ReportState, UpstreamReport } from '../../sidecar/src/reconcile/report.ts';
import { Metrics } from '../../sidecar/src/serve/metrics.ts';

const CHANGE: Change = { kind: 'remove-target', upstream: 'web', target: '10.0.0.1:80', reason: 'gone' };
const ONE = 'http://kong-1:8001';
const TWO = 'http://kong-2:8001';
let metrics: Metrics;
let reportsOfOne: readonly UpstreamReport[];

beforeEach(() => {
  reportsOfOne = [];
  metrics = new Metrics({
    kongs: [
      { name: ONE, reports: () => reportsOfOne, isReadable: () => true },
      { name: TWO, reports: () => [report('error', 0)], isReadable: () => false },
    ],
    version: 'test',
    watches: () => [],
    feeds: () => [],
    watchRestarts: () => 7,
    isLeader: () => false,
    isReady: () => false,
    eventClients: () => 0,
  });
});

function report(state: ReportState, lastAnswerMs: number): UpstreamReport {
  const nothing = { sources: [], notes: [], verdicts: [], targets: 0, present: [], malformed: 0 };
  return { ...nothing, upstream: 'web', state, lastAnswerMs, updatedMs: Date.now() };
}

async function observed(): Promise<number> {
  return Number(
    /^kong_consul_propagation_seconds_count\{kong="http:\/\/kong-1:8001"\} (\d+)$/m.exec(
      await metrics.registry.metrics(),
    )?.[1] ?? 0,
  );
}

test('measures how long news of Consul takes, and nothing else', async () => {
  const answeredMs = Date.now() - 20;
  metrics.change(ONE, CHANGE, false, answeredMs);
  expect(await observed()).toBe(1);
  metrics.change(ONE, CHANGE, true, answeredMs);
  metrics.change(ONE, CHANGE, false, undefined);
  expect(await observed()).toBe(1);
});

test('what was held first says nothing of how fast news travels; the next news does', async () => {
  const answeredMs = Date.now() - 20;
  metrics.report(ONE, report('pending', answeredMs), 'web');
  metrics.report(ONE, report('held', answeredMs), 'web');
  metrics.change(ONE, CHANGE, false, answeredMs);
  expect(await observed()).toBe(0);
  metrics.report(ONE, report('in_sync', answeredMs), 'web');
  metrics.change(ONE, CHANGE, false, answeredMs + 10);
  expect(await observed()).toBe(1);
  metrics.report(ONE, undefined, 'web');
  metrics.change(ONE, CHANGE, false, answeredMs);
  expect(await observed()).toBe(2);
});

test('counts requests by kind of object, however many ids there are', async () => {
  for (const path of ['/upstreams/1/targets/2', '/upstreams/3/targets/4', '/upstreams/5', '/', '/tags/kong-consul:x'])
    metrics.request(ONE, { method: 'GET', path, status: 200, ms: 3 });
  metrics.request(ONE, { method: 'POST', path: '/upstreams', status: 'error', ms: 3 });
  const lines = (await metrics.registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('kong_consul_kong_requests_total'));
  expect(lines.map((line) => line.replace(`kong_consul_kong_requests_total{kong="${ONE}",`, '{')).sort()).toEqual([
    '{method="GET",object="other",status="200"} 1',
    '{method="GET",object="tags",status="200"} 1',
    '{method="GET",object="targets",status="200"} 2',
    '{method="GET",object="upstreams",status="200"} 1',
    '{method="POST",object="upstreams",status="error"} 1',
  ]);
});

test('says what cannot be known as infinite or nothing, never as fine', async () => {
  const text = await metrics.registry.metrics();
  expect(text).toMatch(/^kong_consul_last_success_age_seconds (\+Inf|Inf)/m);
  expect(text).toMatch(/^kong_consul_leader 0$/m);
  expect(text).toMatch(/^kong_consul_ready 0$/m);
  expect(text).toMatch(/^kong_consul_consul_watch_restarts_total 7$/m);
});

test('what is about a Kong names it, so that one of a fleet that is behind can be seen', async () => {
  reportsOfOne = [{ ...report('in_sync', 0), targets: 3 }];
  metrics.loaded(TWO, 512);
  metrics.kongReadFailed(TWO, 'resync');
  const lines = (await metrics.registry.metrics()).split('\n');
  const of = (name: string) => lines.filter((line) => line.startsWith(`kong_consul_${name}{`));
  expect(of('kong_readable')).toEqual([
    `kong_consul_kong_readable{kong="${ONE}"} 1`,
    `kong_consul_kong_readable{kong="${TWO}"} 0`,
  ]);
  expect(of('upstreams')).toEqual([
    `kong_consul_upstreams{kong="${ONE}",state="in_sync"} 1`,
    `kong_consul_upstreams{kong="${TWO}",state="error"} 1`,
  ]);
  expect(of('targets')).toEqual([`kong_consul_targets{kong="${ONE}"} 3`, `kong_consul_targets{kong="${TWO}"} 0`]);
  expect(of('kong_loads_total')).toEqual([`kong_consul_kong_loads_total{kong="${TWO}"} 1`]);
  expect(of('kong_read_failures_total')).toEqual([
    `kong_consul_kong_read_failures_total{kong="${TWO}",what="resync"} 1`,
  ]);
});
