import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type RunningCli, startCli } from './cli.ts';
import { eventually } from './eventually.ts';

/** A dead leader's session lives for 20 s, and the machine may be busy. */
const TAKEOVER_MS = 60_000;
const SLOW = { timeout: 240_000 };

/** Runs when the test is over, the last one first. */
type Finally = TestContext['onTestFinished'];

let consul: ConsulAgent;

beforeAll(async () => {
  consul = await startConsul();
});
afterAll(() => consul.dispose());

/** Some sidecars of one owner before one Kong, and a service whose weight changes all the time. */
async function startGroup(name: string, consulUrls: Readonly<Record<string, string>>, onEnd: Finally) {
  const kong = await startKongDouble();
  onEnd(() => kong.stop());
  const sidecars = new Map<string, RunningCli>();
  for (const [sidecar, url] of Object.entries(consulUrls)) {
    const args = ['run', '--leader-election', '--owner', name, '--listen', 'off', '--coalesce-ms', '0'];
    const running = startCli([...args, '--consul-addr', url, '--kong-admin-url', kong.adminUrl], {
      KONG_CONSUL_KONG_HEADER: `X-Sidecar: ${sidecar}`,
    });
    sidecars.set(sidecar, running);
    onEnd(async () => {
      running.process.kill('SIGKILL');
      await running.ended;
    });
  }
  await kong.seed('POST', '/services', { name, host: name });
  await kong.seed('POST', `/services/${name}/plugins`, { name: 'kong-upstream-healthcheck', config: {} });
  const changing = new AbortController();
  const changes = changeWeights(name, changing.signal);
  onEnd(async () => {
    changing.abort();
    await changes;
  });
  await eventually(() => expect(writers(kong)).toHaveLength(1), TAKEOVER_MS);
  const [leader = ''] = writers(kong);
  const process = (sidecar: string) => {
    const running = sidecars.get(sidecar);
    if (running === undefined) throw new Error(`no sidecar ${sidecar}`);
    return running;
  };
  return { kong, leader, process };
}

async function changeWeights(name: string, signal: AbortSignal): Promise<void> {
  for (let weight = 1; !signal.aborted; weight = (weight % 100) + 1) {
    await consul.register({
      ID: name,
      Name: name,
      Address: '10.0.0.1',
      Port: 80,
      Weights: { Passing: weight, Warning: 1 },
    });
    await wait(50);
  }
}

/** Who wrote, in the order of the writes, each once for as long as nobody else wrote. */
function writers(kong: KongDouble): readonly string[] {
  const all = kong.writes().map(({ headers }) => String(headers['x-sidecar']));
  return all.filter((writer, at) => writer !== all[at - 1]);
}

function writesOf(kong: KongDouble, sidecar: string): number {
  return kong.writes().filter(({ headers }) => headers['x-sidecar'] === sidecar).length;
}

const direct = () => ({ a: consul.url, b: consul.url, c: consul.url });

test.concurrent('one of three writes; when it is killed another takes over', SLOW, async ({ onTestFinished }) => {
  const { kong, leader, process } = await startGroup('killed', direct(), onTestFinished);
  process(leader).process.kill('SIGKILL');
  await eventually(() => expect(writers(kong)).toHaveLength(2), TAKEOVER_MS);
  const [, next = ''] = writers(kong);
  const before = writesOf(kong, next);
  await eventually(() => expect(writesOf(kong, next)).toBeGreaterThan(before + 10), TAKEOVER_MS);
  expect(writers(kong)).toEqual([leader, next]);
  expect(process(next).stderr()).toContain('this sidecar leads');
});

test.concurrent('one that is told to end hands over', SLOW, async ({ onTestFinished }) => {
  const { kong, leader, process } = await startGroup('ended', direct(), onTestFinished);
  process(leader).process.kill('SIGTERM');
  expect(await process(leader).ended).toBe(0);
  await eventually(() => expect(writers(kong)).toHaveLength(2), TAKEOVER_MS);
});

test.concurrent(
  'a frozen leader writes nothing when it thaws, for another leads by then',
  SLOW,
  async ({ onTestFinished }) => {
    const { kong, leader, process } = await startGroup('frozen', direct(), onTestFinished);
    process(leader).process.kill('SIGSTOP');
    await eventually(() => expect(writers(kong)).toHaveLength(2), TAKEOVER_MS);
    const [, next = ''] = writers(kong);
    process(leader).process.kill('SIGCONT');
    await eventually(() => expect(process(leader).stderr()).toContain('does not lead any more'), TAKEOVER_MS);
    const before = writesOf(kong, next);
    await eventually(() => expect(writesOf(kong, next)).toBeGreaterThan(before + 40), TAKEOVER_MS);
    expect(writers(kong)).toEqual([leader, next]);
  },
);

test.concurrent(
  'a leader cut off from Consul stops writing before another begins',
  SLOW,
  async ({ onTestFinished }) => {
    const links = { a: await startLink(consul.url, onTestFinished), b: await startLink(consul.url, onTestFinished) };
    const { kong, leader, process } = await startGroup('cut-off', { a: links.a.url, b: links.b.url }, onTestFinished);
    links[leader === 'a' ? 'a' : 'b'].freeze();
    await eventually(() => expect(writers(kong)).toHaveLength(2), TAKEOVER_MS);
    expect(process(leader).stderr()).toContain('does not lead any more');
    links[leader === 'a' ? 'a' : 'b'].thaw();
    const [, next = ''] = writers(kong);
    const before = writesOf(kong, next);
    await eventually(() => expect(writesOf(kong, next)).toBeGreaterThan(before + 40), TAKEOVER_MS);
    expect(writers(kong)).toEqual([leader, next]);
  },
);

test.concurrent('whoever deletes the lock makes them elect again', SLOW, async ({ onTestFinished }) => {
  const { kong, leader, process } = await startGroup('deleted', direct(), onTestFinished);
  await fetch(`${consul.url}/v1/kv/kong-consul/deleted/leader`, { method: 'DELETE' });
  await eventually(() => expect(process(leader).stderr()).toContain('does not lead any more'), TAKEOVER_MS);
  const before = kong.writes().length;
  await eventually(() => expect(kong.writes().length).toBeGreaterThan(before + 10), TAKEOVER_MS);
});

test.concurrent('without election two sidecars come to the same and stay there', SLOW, async ({ onTestFinished }) => {
  const kong = await startKongDouble();
  onTestFinished(() => kong.stop());
  await consul.register({ ID: 'pair', Name: 'pair', Address: '10.0.0.7', Port: 80 });
  await kong.seed('POST', '/services', { name: 'pair', host: 'pair' });
  await kong.seed('POST', '/services/pair/plugins', { name: 'kong-upstream-healthcheck', config: {} });
  for (const sidecar of ['a', 'b']) {
    const args = [
      'run',
      '--owner',
      'pair',
      '--listen',
      'off',
      '--resync-seconds',
      '0.2',
      '--owner-check-seconds',
      '0.2',
    ];
    const running = startCli([...args, '--consul-addr', consul.url, '--kong-admin-url', kong.adminUrl], {
      KONG_CONSUL_KONG_HEADER: `X-Sidecar: ${sidecar}`,
    });
    onTestFinished(async () => {
      running.process.kill('SIGKILL');
      await running.ended;
    });
  }
  await eventually(() => expect(kong.targets('pair')).toEqual(['10.0.0.7:80=1']));
  for (const weight of [5, 9, 2]) {
    await consul.register({
      ID: 'pair',
      Name: 'pair',
      Address: '10.0.0.7',
      Port: 80,
      Weights: { Passing: weight, Warning: 1 },
    });
    await eventually(() => expect(kong.targets('pair')).toEqual([`10.0.0.7:80=${weight}`]));
  }
  const reads = () => kong.requests.length - kong.writes().length;
  // Both saw the last change: the later one finds it made, or makes it again.
  const changed = reads();
  await eventually(() => expect(reads()).toBeGreaterThan(changed + 10));
  const settled = reads();
  const written = kong.writes().length;
  await eventually(() => expect(reads()).toBeGreaterThan(settled + 40));
  expect(kong.writes()).toHaveLength(written);
});

/** A TCP link to Consul that can stop passing anything on, in both directions, without closing. */
async function startLink(url: string, onEnd: Finally) {
  const { hostname, port } = new URL(url);
  const pairs = new Set<readonly net.Socket[]>();
  let isFrozen = false;
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), hostname);
    const pair = [near, far] as const;
    pairs.add(pair);
    near.on('data', (data) => void (isFrozen || far.write(data)));
    far.on('data', (data) => void (isFrozen || near.write(data)));
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  onEnd(() => {
    for (const socket of [...pairs].flat()) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${address.port}`,
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      isFrozen = false;
      for (const socket of [...pairs].flat()) socket.destroy();
    },
  };
}
