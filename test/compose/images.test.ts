import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { freePorts } from '../consul/ports.ts';
import { eventually } from '../integration/eventually.ts';
import { portOf } from '../kong-double/http-server.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { ROOT } from './compose-file.ts';
import { PlainBuilder, type PlainImage } from './plain-build.ts';
import { type PlainContainer, runInside, startContainer } from './plain-run.ts';

/** The two images' steps carried out in a folder, and what they hold run against a real Consul and the Kong double. */
const BUILD_MS = 300_000;
const SERVICE = 'my-service';
const registrations = z.record(z.string(), z.object({ Service: z.string(), Address: z.string(), Port: z.number() }));
const checks = z.record(z.string(), z.object({ Status: z.string(), Interval: z.string(), Timeout: z.string() }));
const registration = z.object({ Check: z.record(z.string(), z.unknown()) });
const answer = z.object({ message: z.string(), instance: z.string() });

let folder: string;
let sidecarImage: PlainImage;
let demoImage: PlainImage;
let consul: ConsulAgent;
let kong: KongDouble;
const running: PlainContainer[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-images-'));
  const builder = new PlainBuilder(folder);
  sidecarImage = await builder.build('sidecar/Dockerfile');
  demoImage = await builder.build('compose/Dockerfile');
  consul = await startConsul();
  kong = await startKongDouble({ balancerDelayMs: 200 });
}, BUILD_MS);

afterEach(async () => {
  for (const container of running.splice(0)) {
    container.process.kill('SIGKILL');
    await container.ended;
  }
});

afterAll(async () => {
  await Promise.all([consul?.dispose(), kong?.stop()]);
  await rm(folder, { recursive: true });
});

function start(image: PlainImage, options: Parameters<typeof startContainer>[1]): PlainContainer {
  const container = startContainer(image, options);
  running.push(container);
  return container;
}

describe('the sidecar image', () => {
  test('holds the program, the licenses of what is in it, and nothing to develop with', async () => {
    expect((await readdir(sidecarImage.workFolder)).sort()).toEqual(['bin', 'dist', 'package.json']);
    const licenses = readFileSync(path.join(sidecarImage.workFolder, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['axios', 'commander', 'consul', 'p-retry', 'pino'])
      expect(licenses).toMatch(new RegExp(`^${name} [0-9.]+ \\(MIT\\)$`, 'm'));
    expect(licenses).not.toContain('typescript');
  });

  test('runs as a user without rights, told by number', () => {
    expect(sidecarImage.user).toBe('1000:1000');
    expect(demoImage.user).toBe('1000:1000');
  });

  test('says the version of the package', async () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')));
    const container = start(sidecarImage, { command: ['--version'] });
    expect(await container.ended, container.output()).toBe(0);
    expect(container.output().trim()).toBe(version);
  });

  test.each(['json', 'pretty'])(
    'follows Consul with %s logs, is healthy by its own check, ends with 0 on SIGTERM',
    async (format) => {
      const [ports] = await freePorts(1);
      const port = String(ports?.http);
      const container = start(sidecarImage, {
        env: {
          CONSUL_HTTP_ADDR: consul.url,
          KONG_ADMIN_URL: kong.adminUrl,
          KONG_CONSUL_LISTEN: `127.0.0.1:${port}`,
          KONG_CONSUL_LOG_FORMAT: format,
        },
      });
      const check = sidecarImage.healthcheck?.map((word) => word.replace('7070', port)) ?? [];
      await eventually(() => expect(container.output()).toContain('status is served'));
      await eventually(async () => expect(await runInside(sidecarImage, check), container.output()).toBe(0));
      container.process.kill('SIGTERM');
      expect(await container.ended, container.output()).toBe(0);
      expect(await runInside(sidecarImage, check)).toBe(1);
    },
  );
});

describe('the setup', () => {
  async function setUp(): Promise<void> {
    const container = start(demoImage, { command: ['dist/setup/main.js'], env: { KONG_ADMIN_URL: kong.adminUrl } });
    expect(await container.ended, container.output()).toBe(0);
  }

  test('creates the Kong Service, the Route and the plugin', async () => {
    await setUp();
    const { services, routes, plugins } = kong.state;
    expect(services).toMatchObject([{ name: SERVICE, host: SERVICE }]);
    expect(routes).toMatchObject([{ paths: ['/api'] }]);
    expect(plugins).toMatchObject([{ name: 'kong-upstream-healthcheck', enabled: true }]);
  });

  test('run again changes nothing, and mends what was changed', async () => {
    const ids = () =>
      [kong.state.services, kong.state.routes, kong.state.plugins].flatMap((all) => all.map(({ id }) => id));
    const before = ids();
    await setUp();
    expect(ids()).toEqual(before);
    await kong.seed('PATCH', `/plugins/${kong.state.plugins[0]?.id}`, { enabled: false });
    await setUp();
    expect(kong.state.plugins).toMatchObject([{ enabled: true }]);
  });

  test('waits for a Kong that is not there yet', async () => {
    await kong.stop();
    const container = start(demoImage, { command: ['dist/setup/main.js'], env: { KONG_ADMIN_URL: kong.adminUrl } });
    await eventually(() => expect(container.output()).toContain('ECONNREFUSED'));
    await kong.listen();
    expect(await container.ended, container.output()).toBe(0);
  });
});

describe('the demo service', () => {
  afterEach(async () => {
    for (const id of Object.keys(await registered())) await consul.deregister(id);
  });

  const env = () => ({ CONSUL_HTTP_ADDR: consul.url, SERVICE_ADDRESS: '127.0.0.1', SERVICE_PORT: '0' });

  async function registered(): Promise<z.infer<typeof registrations>> {
    return registrations.parse(await consul.request('GET', '/v1/agent/services'));
  }

  async function checksOf(): Promise<z.infer<typeof checks>> {
    return checks.parse(await consul.request('GET', '/v1/agent/checks'));
  }

  async function firstInstance(): Promise<{ readonly id: string; readonly url: string }> {
    let found: { readonly id: string; readonly url: string } | undefined;
    await eventually(async () => {
      const [[id, { Address, Port }] = ['', { Address: '', Port: 0 }]] = Object.entries(await registered());
      expect(id).not.toBe('');
      found = { id, url: `http://${Address}:${Port}` };
    });
    if (found === undefined) throw new Error('nothing registered');
    return found;
  }

  test('registers with its name, host and port, answers, and deregisters on SIGTERM before it stops answering', async () => {
    const container = start(demoImage, { env: env() });
    const { id, url } = await firstInstance();
    expect(id).toBe(`${SERVICE}-${os.hostname()}-${new URL(url).port}`);
    expect(answer.parse(await (await fetch(url)).json())).toEqual({ message: 'Hello from Service!', instance: id });
    expect(Object.values(await checksOf())).toMatchObject([{ Status: 'passing', Interval: '10s', Timeout: '5s' }]);
    container.process.kill('SIGTERM');
    await eventually(async () => expect(Object.keys(await registered())).toEqual([]));
    expect((await fetch(url)).status).toBe(200);
    expect(await container.ended, container.output()).toBe(0);
  });

  test('tells Consul where to check it, and to deregister it when it has been critical for a minute', async () => {
    const bodies: string[] = [];
    const recorder = http.createServer(async (request, response) => {
      if (request.method === 'PUT') bodies.push(Buffer.concat(await request.toArray()).toString());
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve));
    const container = start(demoImage, { env: { ...env(), CONSUL_HTTP_ADDR: `http://127.0.0.1:${portOf(recorder)}` } });
    await eventually(() => expect(container.output()).toContain('registered'));
    expect(registration.parse(JSON.parse(bodies[0] ?? '')).Check).toMatchObject({
      HTTP: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/health$/),
      Interval: '10s',
      Timeout: '5s',
      DeregisterCriticalServiceAfter: '1m',
    });
    container.process.kill('SIGTERM');
    await container.ended;
    recorder.close();
  });

  test('killed, it stays registered, for Consul to take it out', async () => {
    const container = start(demoImage, { env: env() });
    const { id } = await firstInstance();
    container.process.kill('SIGKILL');
    expect(await container.ended).toBe('SIGKILL');
    expect(Object.keys(await registered())).toEqual([id]);
  });

  test('SIGUSR2 breaks its health and mends it, and it goes on answering', async () => {
    const container = start(demoImage, { env: env() });
    const { url } = await firstInstance();
    const health = async () => (await fetch(`${url}/health`)).status;
    expect(await health()).toBe(200);
    container.process.kill('SIGUSR2');
    await eventually(async () => expect(await health()).toBe(503));
    expect((await fetch(url)).status).toBe(200);
    container.process.kill('SIGUSR2');
    await eventually(async () => expect(await health()).toBe(200));
    container.process.kill('SIGTERM');
    expect(await container.ended).toBe(0);
  });

  test('waits for a Consul that is not there yet, and registers again with one that has forgotten', async () => {
    await consul.stop();
    const container = start(demoImage, { env: env() });
    await eventually(() => expect(container.output()).toContain('trying again'));
    await consul.restart({ keepData: false });
    const { id } = await firstInstance();
    await consul.deregister(id);
    await eventually(async () => expect(Object.keys(await registered())).toEqual([id]), 60_000);
    container.process.kill('SIGTERM');
    expect(await container.ended).toBe(0);
  }, 90_000);
});
