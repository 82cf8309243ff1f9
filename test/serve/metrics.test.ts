import { beforeEach, expect, test } from 'vitest';
import type { Change } from '../../sidecar/src/core/change.ts';
import type { ReportState, UpstreamReport } from '../../sidecar/src/reconcile/report.ts';
import { Store } from '../../sidecar/src/reconcile/store.ts';
import { Metrics } from '../../sidecar/src/serve/metrics.ts';

const CHANGE: Change = { kind: 'remove-target', upstream: 'web', target: '10.0.0.1:80', reason: 'gone' };
let metrics: Metrics;

beforeEach(() => {
  metrics = new Metrics({
    store: new Store('kong-consul:test', () => {}),
    version: 'test',
    watches: () => [],
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
  return Number(/^kong_consul_propagation_seconds_count (\d+)$/m.exec(await metrics.registry.metrics())?.[1]);
}

test('measures how long news of Consul takes, and nothing else', async () => {
  const answeredMs = Date.now() - 20;
  metrics.change(CHANGE, false, answeredMs);
  expect(await observed()).toBe(1);
  metrics.change(CHANGE, true, answeredMs);
  metrics.change(CHANGE, false, undefined);
  expect(await observed()).toBe(1);
});

test('what was held first says nothing of how fast news travels; the next news does', async () => {
  const answeredMs = Date.now() - 20;
  metrics.report(report('pending', answeredMs), 'web');
  metrics.report(report('held', answeredMs), 'web');
  metrics.change(CHANGE, false, answeredMs);
  expect(await observed()).toBe(0);
  metrics.report(report('in_sync', answeredMs), 'web');
  metrics.change(CHANGE, false, answeredMs + 10);
  expect(await observed()).toBe(1);
  metrics.report(undefined, 'web');
  metrics.change(CHANGE, false, answeredMs);
  expect(await observed()).toBe(2);
});

test('counts requests by kind of object, however many ids there are', async () => {
  for (const path of ['/upstreams/1/targets/2', '/upstreams/3/targets/4', '/upstreams/5', '/', '/tags/kong-consul:x'])
    metrics.request({ method: 'GET', path, status: 200, ms: 3 });
  metrics.request({ method: 'POST', path: '/upstreams', status: 'error', ms: 3 });
  const lines = (await metrics.registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('kong_consul_kong_requests_total'));
  expect(lines.map((line) => line.replace('kong_consul_kong_requests_total', '')).sort()).toEqual([
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
