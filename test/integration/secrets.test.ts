import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { StubServer } from '../fuzz/stub-server.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { startCli } from './cli.ts';
import { eventually } from './eventually.ts';

/** A secret for each place that one can be in. All have `hush` in them, but Consul's own, which is a UUID. */
const SECRET = {
  consulToken: randomUUID(),
  consulPassword: 'hush-consul-password',
  kongToken: 'hush-kong-token',
  kongPassword: 'hush-kong-password',
  kongHeader: 'hush-kong-header',
  bearer: 'hush-kong-bearer',
  listenToken: 'hush-listen-token',
  checkHeader: 'hush-check-header',
} as const;

let folder: string;
let consul: ConsulAgent;
let kong: KongDouble;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  [consul, kong] = await Promise.all([
    startConsul({ acl: true, token: SECRET.consulToken }),
    startKongDouble({ adminToken: SECRET.kongToken }),
  ]);
  await writeFile(path.join(folder, 'token'), `${SECRET.consulToken}\n`);
  await writeFile(
    path.join(folder, 'config.yml'),
    `upstreams: { web: { healthchecks: { active: { headers: { X-Key: [${SECRET.checkHeader}] } } } } }\n`,
  );
  await consul.register({ ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80 });
  await kong.seed('POST', '/services', { name: 'shop', host: 'web' });
});

afterAll(async () => {
  await Promise.all([consul.dispose(), kong.stop(), rm(folder, { recursive: true })]);
});

interface Places {
  readonly consulUrl: string;
  readonly kongUrl: string;
}

/** Each secret where it is given in one of the ways there are. */
function ways({ consulUrl, kongUrl }: Places): Readonly<Record<'environment' | 'flags', Given>> {
  const withUser = (url: string, password: string) => url.replace('//', `//user:${password}@`);
  return {
    environment: {
      env: {
        CONSUL_HTTP_ADDR: withUser(consulUrl, SECRET.consulPassword),
        CONSUL_HTTP_TOKEN: SECRET.consulToken,
        KONG_ADMIN_URL: withUser(kongUrl, SECRET.kongPassword),
        KONG_ADMIN_TOKEN: SECRET.kongToken,
        KONG_CONSUL_KONG_HEADER: `X-Key: ${SECRET.kongHeader}`,
        KONG_CONSUL_LISTEN_TOKEN: SECRET.listenToken,
      },
      flags: [],
    },
    flags: {
      env: { CONSUL_HTTP_AUTH: `user:${SECRET.consulPassword}` },
      flags: [
        ...['--consul-addr', consulUrl, '--consul-token-file', path.join(folder, 'token')],
        ...['--kong-admin-url', kongUrl, '--kong-admin-token', SECRET.kongToken],
        ...['--kong-header', `Authorization: Bearer ${SECRET.bearer}`, '--listen-token', SECRET.listenToken],
      ],
    },
  };
}

interface Given {
  readonly env: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
}

function start(command: readonly string[], { env, flags }: Given) {
  const fixed = ['--config', path.join(folder, 'config.yml'), '--log-level', 'trace', '--kong-timeout-seconds', '1'];
  return startCli([...command, ...fixed, ...flags], env);
}

async function output(command: readonly string[], given: Given): Promise<string> {
  const running = start(command, given);
  await running.ended;
  return running.stdout() + running.stderr();
}

/** `run` for as long as it takes to say the sentence, with all that its HTTP side shows. */
async function runUntil(sentence: RegExp, given: Given): Promise<string> {
  const running = start(['run', '--leader-election', '--listen', '127.0.0.1:0'], given);
  try {
    await eventually(() => {
      expect(running.stderr()).toMatch(sentence);
      expect(running.stderr()).toContain('status is served');
    });
    const url = /"url":"(?<url>[^"]+)"/.exec(running.stderr())?.groups?.url ?? '';
    const places = ['/', '/healthz', '/readyz', '/metrics', '/api/v1/status', '/api/v1/upstreams', '/api/v1/changes'];
    const pages = await Promise.all([...places, '/api/v1/upstreams/web'].map((place) => read(url + place)));
    expect(pages.every((page) => page.length > 0)).toBe(true);
    return [...pages, await firstEvents(`${url}/api/v1/events`), running.stdout(), running.stderr()].join('\n');
  } finally {
    running.process.kill('SIGKILL');
    await running.ended;
  }
}

async function read(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${SECRET.listenToken}` } });
  expect([200, 404, 503]).toContain(answer.status);
  return `${JSON.stringify([...answer.headers])}${await answer.text()}`;
}

async function firstEvents(url: string): Promise<string> {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${SECRET.listenToken}` };
  const answer = await fetch(url, { headers, signal: stop.signal });
  const first = await Promise.race([answer.body?.getReader().read(), wait(2_000, undefined, { signal: stop.signal })]);
  stop.abort();
  return String(first === undefined || first.value === undefined ? '' : Buffer.from(first.value));
}

function expectNoSecret(text: string): void {
  for (const [name, secret] of Object.entries(SECRET)) {
    const forms = [secret, Buffer.from(`user:${secret}`).toString('base64'), encodeURIComponent(secret)];
    for (const form of forms) expect(text.includes(form) ? `${name} is shown: ${around(text, form)}` : '').toBe('');
  }
}

function around(text: string, part: string): string {
  const at = text.indexOf(part);
  return text.slice(Math.max(0, at - 200), at + part.length + 50);
}

describe('no secret is in any output, at trace level', () => {
  test('of any command, each given in the environment', async () => {
    const given = ways({ consulUrl: consul.url, kongUrl: kong.adminUrl }).environment;
    expectNoSecret(await runUntil(/target added/, given));
    const commands = [['reconcile'], ['diff', '-o', 'json'], ['explain', 'web'], ['doctor'], ['config'], ['status']];
    const outputs = await Promise.all(commands.map((command) => output(command, given)));
    for (const text of outputs) {
      expect(text.length).toBeGreaterThan(20);
      expectNoSecret(text);
    }
    expect(kong.targets('web')).toEqual(['10.0.0.1:80=1']);
  });

  test('of any command, each given by flags and files', async () => {
    const given = ways({ consulUrl: consul.url, kongUrl: kong.adminUrl }).flags;
    expectNoSecret(await runUntil(/looked at/, given));
    expectNoSecret(await output(['config', '-o', 'yaml'], given));
    expect(kong.requests.at(-1)?.headers.authorization).toBe(`Bearer ${SECRET.bearer}`);
  });

  test.each<[string, number]>([
    ['401', 401],
    ['500', 500],
    ['a redirect', 302],
    ['200 and something else', 200],
  ])('when Consul and Kong send back all that they were sent, with %s', async (_, status) => {
    const echo = new StubServer();
    await echo.start();
    echo.answer = (request) => ({
      status,
      headers: { location: `http://127.0.0.1:9/${SECRET.kongToken}` },
      body: echoOf(request),
    });
    const asKong = ways({ consulUrl: consul.url, kongUrl: echo.url }).environment;
    const asConsul = ways({ consulUrl: echo.url, kongUrl: kong.adminUrl });
    const texts = await Promise.all([
      output(['doctor'], asKong),
      output(['reconcile'], ways({ consulUrl: consul.url, kongUrl: echo.url }).flags),
      output(['doctor'], asConsul.flags),
      ...(status === 500 ? [runUntil(/Consul cannot be read/, asConsul.environment)] : []),
    ]);
    await echo.stop();
    for (const text of texts) {
      expect(text.length).toBeGreaterThan(20);
      expectNoSecret(text);
    }
  });

  test('when nothing listens', async () => {
    const given = ways({ consulUrl: 'http://127.0.0.1:9', kongUrl: 'http://127.0.0.1:9' });
    const texts = await Promise.all([
      output(['reconcile'], given.flags),
      runUntil(/waiting for Kong/, given.environment),
    ]);
    for (const text of texts) expectNoSecret(text);
  });
});

/** What a careless server, or a debugging proxy, sends back. */
function echoOf(request: IncomingMessage): string {
  const all = `denied ${request.url} ${JSON.stringify(request.headers)}`;
  return request.url?.startsWith('/v1/') ? all.slice(0, 290) : JSON.stringify({ message: all });
}
