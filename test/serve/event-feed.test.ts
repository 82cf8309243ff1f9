import type http from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { UpstreamReport } from '../../sidecar/src/reconcile/report.ts';
import type { ApiSummary } from '../../sidecar/src/serve/api.ts';
import { ChangeHistory } from '../../sidecar/src/serve/change-history.ts';
import { EventFeed, type FeedSource } from '../../sidecar/src/serve/event-feed.ts';
import type { LiveReport } from '../../sidecar/src/serve/live-reports.ts';
import { statusJson } from '../../sidecar/src/serve/status-json.ts';
import { summaryJson } from '../../sidecar/src/serve/summary-json.ts';
import { eventually } from '../integration/eventually.ts';
import { close, listen, portOf } from '../kong-double/http-server.ts';
import { followEvents } from './events-client.ts';

let server: http.Server | undefined;
afterEach(() => close(server));

function report(upstream: string, targets: number): LiveReport {
  const nothing = { sources: [], notes: [], verdicts: [], present: [], malformed: 0, watch: undefined };
  return { ...nothing, upstream, state: 'in_sync', targets, updatedMs: 0 };
}

const identity = {
  version: 'test',
  owner: 'test',
  startedMs: 0,
  dryRun: false,
  consulAddress: 'http://consul',
  kongAddress: 'http://kong',
  healthFrom: [],
};
const condition = { leader: true, reasons: [], watches: [], consulProblem: undefined, kong: undefined };

test('whoever follows is told of what changed, and nobody looks at all the others for it', async () => {
  const reports = new Map<string, LiveReport>();
  const asked: string[] = [];
  let snapshots = 0;
  const source: FeedSource = {
    status: () => statusJson(identity, { ...condition, kongProblem: undefined, reports: [...reports.values()] }),
    summary: (upstream) => {
      asked.push(upstream);
      const found = reports.get(upstream);
      return found && summaryJson(found);
    },
    summaries: () => {
      snapshots += 1;
      return [...reports.values()].map(summaryJson);
    },
    history: new ChangeHistory(),
  };
  const feed = new EventFeed(source);
  const set = (now: LiveReport) => {
    const before: UpstreamReport | undefined = reports.get(now.upstream);
    reports.set(now.upstream, now);
    feed.report(before, now, now.upstream);
  };
  for (let at = 0; at < 1_000; at += 1) set(report(`upstream-${at}`, 1));
  server = await listen(0, async (_request, response) => {
    const reply = feed.follow(undefined);
    if (reply.kind === 'stream') reply.open(response.writeHead(200));
  });
  const client = await followEvents(`http://127.0.0.1:${portOf(server)}`);
  await eventually(() => expect(client.dataOf('snapshot')).toHaveLength(1));

  set(report('upstream-7', 2));
  await eventually(() => expect(client.dataOf('upstreams')).toHaveLength(1));
  feed.consulMoved(['upstream-8', 'upstream-9']);
  await eventually(() => expect(client.dataOf('upstreams')).toHaveLength(2));
  const told = client
    .dataOf('upstreams')
    .map((data) => Object(data).upstreams.map((each: ApiSummary) => each.upstream));
  expect(told).toEqual([['upstream-7'], ['upstream-8', 'upstream-9']]);
  expect(asked).toEqual(told.flat());
  expect(snapshots).toBe(1);
  client.close();
  feed.close();
});
