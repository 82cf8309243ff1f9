import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { eventually } from '../integration/eventually.ts';
import { type ScriptedConsul, startScriptedConsul } from './scripted-consul.ts';

let real: ConsulAgent;
let scripted: ScriptedConsul;

beforeAll(async () => {
  [real, scripted] = await Promise.all([startConsul(), startScriptedConsul()]);
});

afterEach(() => Promise.all([clear(real.url), clear(scripted.url)]));

afterAll(() => Promise.all([real.dispose(), scripted.stop()]));

interface Call {
  readonly path: string;
  readonly body?: unknown;
}

const register = (body: unknown): Call => ({ path: '/v1/agent/service/register', body });

const rich = {
  ID: 'web-1',
  Name: 'web',
  Address: '10.0.0.5',
  Port: 8080,
  Tags: ['a', 'b'],
  Meta: { version: '1' },
  Weights: { Passing: 3, Warning: 2 },
  TaggedAddresses: { lan: { Address: '10.1.1.1', Port: 81 } },
  Checks: [
    { CheckID: 'own', Name: 'own', TTL: '1h', Status: 'passing' },
    { TTL: '1h', Status: 'warning' },
  ],
};

test.each<[string, readonly Call[]]>([
  ['all fields', [register(rich)]],
  ['nothing but a name', [register({ Name: 'web' })]],
  ['IPv6', [register({ Name: 'web', Address: '2001:db8::1', Port: 80 })]],
  ['a host name', [register({ Name: 'web', Address: 'app.example', Port: 80 })]],
  ['a check is critical at first', [register({ Name: 'web', Port: 80, Check: { TTL: '1h' } })]],
  [
    'a check that is set stays so when the service is registered again',
    [
      register({ Name: 'web', Port: 80, Check: { TTL: '1h' } }),
      { path: '/v1/agent/check/update/service:web', body: { Status: 'warning', Output: 'slow' } },
      register({ Name: 'web', Port: 81, Check: { TTL: '1h' } }),
    ],
  ],
  [
    'maintenance, with a reason and without',
    [
      register({ Name: 'web', Port: 80 }),
      register({ ID: 'web-2', Name: 'web', Port: 81 }),
      { path: '/v1/agent/service/maintenance/web?enable=true&reason=why' },
      { path: '/v1/agent/service/maintenance/web-2?enable=true' },
      { path: '/v1/agent/maintenance?enable=true' },
    ],
  ],
  ['an unknown service', [{ path: '/v1/agent/service/deregister/none' }]],
  ['an unknown check', [{ path: '/v1/agent/check/update/none', body: { Status: 'passing' } }]],
  ['no such endpoint', [{ path: '/v1/nothing' }]],
])('answers as Consul 1.14 does: %s', async (_, calls) => {
  for (const { path, body } of calls) {
    const [ours, theirs] = await Promise.all([put(scripted.url, path, body), put(real.url, path, body)]);
    expect(ours).toEqual(theirs);
  }
  await eventually(async () => {
    const [ours, theirs] = await Promise.all([read(scripted.url), read(real.url)]);
    expect(ours).toEqual(theirs);
  }, 5_000);
});

test.each(['', '?index=1&wait=1s', '?consistent', '?index=x', '?index=1&wait=soon', '?index=99999999&wait=100ms'])(
  'gives the same headers: %s',
  async (query) => {
    const path = `/v1/health/service/none${query}`;
    const [ours, theirs] = await Promise.all([headers(scripted.url + path), headers(real.url + path)]);
    expect(ours).toEqual(theirs);
  },
);

test('locks as Consul does', async () => {
  const play = async (url: string) => {
    const id = /"ID":"(.*?)"/.exec((await put(url, '/v1/session/create', { TTL: '10s' })).text)?.[1] ?? '';
    const results = [
      await put(url, `/v1/kv/lead?acquire=${id}`, 'me'),
      await put(url, `/v1/kv/lead?acquire=none`, 'you'),
      await put(url, `/v1/kv/lead?release=${id}`, 'me'),
      await put(url, `/v1/session/destroy/${id}`),
      await put(url, `/v1/session/renew/${id}`),
    ];
    const held = await (await fetch(`${url}/v1/kv/lead`)).json();
    return JSON.stringify([results, held])
      .replaceAll(id, 'SESSION')
      .replaceAll(/("\w+Index"):\d+/g, '$1:0');
  };
  expect(await play(scripted.url)).toEqual(await play(real.url));
});

async function put(
  url: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(url + path, { method: 'PUT', ...(body !== undefined && { body: JSON.stringify(body) }) });
  return { status: answer.status, text: await answer.text() };
}

/** The entries without what differs from agent to agent: the node, indexes and ids. */
async function read(url: string): Promise<unknown> {
  const text = await (await fetch(`${url}/v1/health/service/web`)).text();
  const neutral = text
    .replaceAll(/("\w+Index"):\d+/g, '$1:0')
    .replaceAll(/"Node":"[^"]+"/g, '"Node":"NODE"')
    .replace(/"ID":"[0-9a-f-]{36}"/g, '"ID":"NODE-ID"');
  return JSON.parse(neutral);
}

async function headers(url: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  const all = Object.fromEntries(answer.headers);
  const told = Object.entries(all).filter(([name]) => name.startsWith('x-consul') && name !== 'x-consul-index');
  return { status: answer.status, hasIndex: 'x-consul-index' in all, ...Object.fromEntries(told) };
}

async function clear(url: string): Promise<void> {
  await put(url, '/v1/agent/maintenance?enable=false');
  for (const id of ['web', 'web-1', 'web-2']) await put(url, `/v1/agent/service/deregister/${id}`);
  await eventually(async () => expect(await read(url)).toEqual([]));
}
