import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runCommand as follow } from '../../sidecar/src/cli/run-command.ts';
import { ownerTag } from '../../sidecar/src/core/ownership.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { entry } from '../scripted-consul/catalog.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { runCommand } from './command.ts';
import { eventually } from './eventually.ts';
import { type Work, WorkCounter } from './work-count.ts';

const [FEW, MANY] = [100, 2_000];
const CHANGED = 'service-7';
/** Longer than this test takes: what is done by the clock is no part of what a change costs. */
const NEVER_S = 500;
/** The age of the config file is looked at once a second, which is no part of it either. */
const BY_THE_CLOCK = /^(cli\/binding-config|net\/sleep)\.ts /;
/** What goes through everything, without a call for each. */
const OF_ALL =
  /^(reconcile\/store\.ts (names|bindings|reports)|consul\/watch-pool\.ts (get states|states|setQueries))@/;
/** Whatever comes after the last request has come by then. */
const REST_MS = 300;

const READ = `GET /v1/health/service/${CHANGED}`;
const TARGETS = '/upstreams/ID/targets';

/** What Consul says of the service after each change, and all requests that follow. */
const BEFORE = [1, 2, 3].map((at) => instance(at));
const CHANGES = [
  { what: 'one joins', entries: [...BEFORE, instance(4)], requests: [READ, `POST ${TARGETS}`] },
  // Consul's stream does not say whether an instance is gone or may not be seen any more: a plain read does.
  { what: 'one leaves', entries: BEFORE, requests: [READ, READ, `DELETE ${TARGETS}/ID`] },
  {
    what: 'one turns critical',
    entries: [...BEFORE.slice(0, 2), instance(3, 1, 'critical')],
    requests: [READ, `DELETE ${TARGETS}/ID`],
  },
  {
    what: 'another weighs more',
    entries: [instance(1), instance(2, 5), instance(3, 1, 'critical')],
    requests: [READ, `PATCH ${TARGETS}/ID`],
  },
];

/** What one change led to. */
interface Cost {
  readonly what: string;
  /** Requests to Consul, and to Kong. */
  readonly requests: readonly string[];
  /** How often each function and block ran. */
  readonly work: Readonly<Record<string, readonly number[]>>;
}

test(`a change of one service takes the same requests and the same steps among ${FEW} services and among ${MANY}`, async () => {
  // Before the program runs: what V8 has compiled by then is not counted by blocks.
  const counter = new WorkCounter();
  await counter.start();
  const few = await costsAmong(FEW, counter);
  const many = await costsAmong(MANY, counter);
  await counter.stop();

  for (const [at, { what, requests }] of CHANGES.entries()) {
    const cost = few[at];
    expect(cost).toMatchObject({ what, requests });
    const steps = Object.keys(cost?.work ?? {});
    expect(steps).toContainEqual(expect.stringMatching(/^reconcile\/pass\.ts pass@/));
    expect(steps.filter((step) => OF_ALL.test(step))).toEqual([]);
  }
  expect(many).toEqual(few);
});

async function costsAmong(size: number, counter: WorkCounter): Promise<readonly Cost[]> {
  const names = Array.from({ length: size }, (_, at) => `service-${at}`);
  const [consul, kong] = await Promise.all([
    startScriptedConsul({ maxConnectionsPerClient: 2 * size + 100 }),
    startKongDouble(),
  ]);
  for (const name of names) {
    const entries = name === CHANGED ? BEFORE : [instance(1)];
    consul.set(name, entries);
    await fill(kong, name, entries.length);
  }
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const running = runCommand(configOf(consul, kong, names), (io) =>
    follow({ ...io, signal: stop.signal }, { dryRun: false }),
  );
  try {
    // Each was read, and is waited for.
    const waiting = () => consul.requests.filter(({ query }) => query.has('index'));
    await eventually(() => expect(waiting()).toHaveLength(size));
    expect(kong.writes()).toEqual([]);
    const costs: Cost[] = [];
    for (const change of CHANGES) costs.push(await costOf(change, { consul, kong, counter }));
    return costs;
  } finally {
    stop.abort(new Error('test is over'));
    await running;
    await Promise.all([consul.stop(), kong.stop()]);
  }
}

interface Scene {
  readonly consul: ScriptedConsul;
  readonly kong: KongDouble;
  readonly counter: WorkCounter;
}

async function costOf({ what, entries, requests }: (typeof CHANGES)[number], scene: Scene): Promise<Cost> {
  const { consul, kong, counter } = scene;
  const seen = () =>
    [...consul.requests, ...kong.requests].map(
      ({ method, path }) => `${method} ${path.replaceAll(/[0-9a-f-]{36}/g, 'ID')}`,
    );
  await wait(REST_MS);
  consul.requests.length = 0;
  kong.clearRequests();
  await counter.take();
  consul.set(CHANGED, entries);
  await eventually(() => expect(seen()).toEqual(requests));
  await wait(REST_MS);
  const work: Work = await counter.take();
  return {
    what,
    requests: seen(),
    work: Object.fromEntries([...work].filter(([step]) => !BY_THE_CLOCK.test(step))),
  };
}

function configOf(consul: ScriptedConsul, kong: KongDouble, upstreams: readonly string[]) {
  return {
    consul: { addr: consul.url, wait_seconds: NEVER_S },
    kong: { admin_url: kong.adminUrl, poll_seconds: NEVER_S },
    resync_seconds: NEVER_S,
    owner_check_seconds: NEVER_S,
    coalesce_ms: 1,
    listen: '127.0.0.1:0',
    upstreams: Object.fromEntries(upstreams.map((name) => [name, {}])),
  };
}

/** As the sidecar would have filled it before. */
async function fill(kong: KongDouble, name: string, targets: number): Promise<void> {
  const tags = [ownerTag('default')];
  await kong.seed('POST', '/upstreams', { name, tags });
  for (let at = 1; at <= targets; at += 1)
    await kong.seed('POST', `/upstreams/${name}/targets`, { target: `10.0.0.${at}:8080`, weight: 1, tags });
}

function instance(at: number, weight = 1, status: 'passing' | 'critical' = 'passing'): unknown {
  const id = `instance-${at}`;
  const weights = { Passing: weight, Warning: 1 };
  return entry({ id, address: `10.0.0.${at}`, weights, checks: [{ id, status }] });
}
