import http from 'node:http';
import https from 'node:https';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { makeCertificates } from '../edges/certificates.ts';
import { eventually } from '../integration/eventually.ts';
import { type ConsulAgent, startConsul } from './agent.ts';

const answers = z.array(
  z.object({
    Service: z.object({ ID: z.string() }),
    Checks: z.array(z.object({ CheckID: z.string(), Status: z.string() })),
  }),
);
let consul: ConsulAgent;

beforeAll(async () => {
  consul = await startConsul();
});

afterAll(() => consul.dispose());

test('a blocking query wakes when an instance registers', async () => {
  const before = await health('wake');
  const blocked = health('wake', `?index=${before.index}&wait=20s`);
  await register('wake');
  const after = await blocked;
  expect(after.statuses).toEqual({ wake: ['passing'] });
  expect(after.index).toBeGreaterThan(before.index);
});

test('a query for an index that is not reached yet blocks for its whole wait', async () => {
  await register('ahead');
  const startMs = performance.now();
  const { index } = await health('ahead', '?index=99999999&wait=300ms');
  expect(performance.now() - startMs).toBeGreaterThan(290);
  expect(index).toBeLessThan(99_999_999);
});

test('checks and maintenance show', async () => {
  await register('drain');
  await consul.setCheck('service:drain', 'warning');
  await shows('drain', { drain: ['warning'] });
  await consul.maintenance('drain', true);
  await shows('drain', { drain: ['critical', 'warning'] });
  await consul.maintenance('drain', false);
  await consul.nodeMaintenance(true);
  await shows('drain', { drain: ['critical', 'warning'] });
  await consul.nodeMaintenance(false);
  await shows('drain', { drain: ['warning'] });
  await consul.deregister('drain');
  await shows('drain', {});
});

test('the catalog takes instances of other nodes', async () => {
  const nodes = Array.from({ length: 100 }, (_, at) => `node-${at}`);
  await consul.catalogAll(
    nodes.map((Node) => ({ Node, Address: '10.0.0.1', Service: { ID: Node, Service: 'outside', Port: 80 } })),
  );
  expect(Object.keys((await health('outside')).statuses)).toHaveLength(100);
  for (const node of nodes.slice(1)) await consul.catalogDeregister(node);
  await consul.catalogDeregister('node-0', 'node-0');
  await shows('outside', {});
});

// A status that came with the registration is not kept: after a restart such a check is critical.
test('a restart keeps the data, or not', async () => {
  await register('kept');
  await consul.setCheck('service:kept', 'passing');
  await shows('kept', { kept: ['passing'] });
  await consul.restart({ keepData: true });
  await shows('kept', { kept: ['passing'] });
  const { index } = await health('kept');
  await consul.restart({ keepData: false });
  await shows('kept', {});
  const lost = await health('kept');
  expect(lost.index).toBeLessThan(index);
});

test('a frozen agent answers nothing until it thaws', async () => {
  await consul.freeze();
  const frozen = health('any', '', AbortSignal.timeout(300));
  await expect(frozen).rejects.toThrow('timeout');
  consul.thaw();
  await health('any');
});

test('past the connection limit it answers 429', async () => {
  const limited = await startConsul({ maxConnectionsPerClient: 3 });
  const agent = new http.Agent({ keepAlive: true });
  const status = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const target = `${limited.url}/v1/health/service/x?index=1000&wait=300ms`;
      http.get(target, { agent }, (answer) => resolve(answer.resume().statusCode)).once('error', reject);
    });
  const all = await Promise.all([status(), status(), status(), status(), status(), status()]);
  agent.destroy();
  await limited.dispose();
  expect(all).toContain(429);
});

test('with ACLs only the token gets an answer', async () => {
  const closed = await startConsul({ acl: true });
  await closed.register({ ID: 'web', Name: 'web' });
  const listed = await fetch(`${closed.url}/v1/health/service/web`);
  expect(await listed.json()).toEqual([]);
  await eventually(async () => expect(await closed.request('GET', '/v1/health/service/web')).toHaveLength(1));
  await closed.dispose();
});

test('it listens on a unix socket, and for HTTPS with a client certificate', async () => {
  const { ca, cert, key, ...files } = makeCertificates();
  const secured = await startConsul({ tls: { ...files, verifyIncoming: true } });
  const overTls = await statusOf(https.get(`${secured.httpsUrl}/v1/status/leader`, { ca, cert, key }));
  const socketPath = secured.socketAddr.slice('unix://'.length);
  const overSocket = await statusOf(http.get({ socketPath, path: '/v1/status/leader' }));
  await secured.dispose();
  expect([overTls, overSocket]).toEqual([200, 200]);
});

async function register(name: string): Promise<void> {
  await consul.register({ ID: name, Name: name, Port: 80, Check: { TTL: '1h', Status: 'passing' } });
}

/** The agent tells the catalog after it has answered us. */
async function shows(name: string, statuses: Health['statuses']): Promise<void> {
  await eventually(async () => expect((await health(name)).statuses).toEqual(statuses));
}

interface Health {
  readonly index: number;
  /** By instance: the states of its own checks and those of node maintenance. */
  readonly statuses: Readonly<Record<string, readonly string[]>>;
}

async function health(name: string, query = '', signal?: AbortSignal): Promise<Health> {
  const answer = await fetch(`${consul.url}/v1/health/service/${name}${query}`, signal === undefined ? {} : { signal });
  const entries = answers.parse(await answer.json());
  const states = entries.map(({ Service, Checks }) => {
    const own = Checks.filter(({ CheckID }) => CheckID !== 'serfHealth');
    return [Service.ID, own.map(({ Status }) => Status).sort()] as const;
  });
  return { index: Number(answer.headers.get('x-consul-index')), statuses: Object.fromEntries(states) };
}

function statusOf(request: http.ClientRequest): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request.once('response', (answer) => resolve(answer.resume().statusCode)).once('error', reject);
  });
}
