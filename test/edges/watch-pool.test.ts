import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConsulClient } from '../../sidecar/src/consul/client.ts';
import { fixedToken } from '../../sidecar/src/consul/credentials.ts';
import { PollWait } from '../../sidecar/src/consul/poll-wait.ts';
import { WatchPool } from '../../sidecar/src/consul/watch-pool.ts';
import { eventually } from '../integration/eventually.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';

const USUAL_MS = 200;
const WATCHES = 360;
const MANY = 1_000;

let consul: ScriptedConsul;
let pool: WatchPool;
let client: ConsulClient;
const stop = new AbortController();

beforeEach(async () => {
  consul = await startScriptedConsul({ maxConnectionsPerClient: MANY });
  client = new ConsulClient({ addr: consul.url, verify: true, maxBodyBytes: 1_000_000 }, fixedToken(undefined));
  const ignore = () => {};
  const listener = {
    onChange: ignore,
    onFailure: ignore,
    onRecovery: ignore,
    onFeedFailure: ignore,
    onFeedRecovery: ignore,
  };
  const wait = new PollWait({ unseenMs: USUAL_MS });
  pool = new WatchPool({ client, listener, wait, maxStaleMs: 10_000, maxConnections: MANY }, stop.signal);
});
afterEach(async () => {
  stop.abort(new Error('test is over'));
  await pool.ended();
  client.close();
  await consul.stop();
});

test('polls of many services block longer, until something in between ends one of them', async () => {
  const queries = Array.from({ length: WATCHES }, (_, at) => ({ service: `service-${at}`, tags: [] }));
  pool.setQueries(queries);
  expect(pool.waitMs).toBe(2 * USUAL_MS);
  consul.always('service-7', ({ query }) =>
    query.has('index') ? { kind: 'answer', status: 504, delayMs: USUAL_MS + 50 } : { kind: 'answer' },
  );
  await eventually(() => expect(pool.waitMs).toBe(USUAL_MS));
});
