import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RunningCli } from './cli.ts';
import { eventually } from './eventually.ts';
import { consul, folder, kong, realRigEachTest, replaceKong, sidecar, startSidecar } from './real-rig.ts';

realRigEachTest();

beforeEach(() => writeFile(path.join(folder, 'config.yml'), 'upstreams:\n  web: {}\n'));

function run(...flags: readonly string[]): RunningCli {
  const fixed = [
    'run',
    '--config',
    path.join(folder, 'config.yml'),
    '--consul-addr',
    consul.url,
    '--kong-admin-url',
    kong.adminUrl,
    '--listen',
    'off',
  ];
  return startSidecar([...fixed, ...flags]);
}

function register(at: number, fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
  return consul.register({
    ID: `web-${at}`,
    Name: 'web',
    Address: `10.0.0.${at}`,
    Port: 80,
    Check: { CheckID: `check-${at}`, TTL: '1h', Status: 'passing' },
    ...fields,
  });
}

async function follow(targets: readonly string[]): Promise<readonly string[]> {
  await eventually(() => expect(kong.targets('web')).toEqual(targets));
  const writes = kong.writes().map(({ method }) => method);
  kong.requests.length = 0;
  return writes;
}

describe('each change in Consul reaches Kong with the least writes', () => {
  test('register, weight, warning, critical, maintenance, port, IPv6, host name, deregister', async () => {
    for (let at = 1; at <= 3; at += 1) await register(at);
    run();
    await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1']);

    await register(4);
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1', '10.0.0.4:80=1'])).toEqual(['POST']);
    await register(4, { Weights: { Passing: 5, Warning: 2 } });
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1', '10.0.0.4:80=5'])).toEqual(['PATCH']);
    await consul.setCheck('check-4', 'warning');
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1', '10.0.0.4:80=2'])).toEqual(['PATCH']);
    await consul.setCheck('check-4', 'critical');
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1'])).toEqual(['DELETE']);
    await consul.setCheck('check-4', 'passing');
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1', '10.0.0.4:80=5'])).toEqual(['POST']);
    await consul.maintenance('web-4', true);
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1'])).toEqual(['DELETE']);
    await consul.maintenance('web-4', false);
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1', '10.0.0.4:80=5'])).toEqual(['POST']);
    await register(4, { Port: 81 });
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1', '10.0.0.4:81=1'])).toEqual([
      'POST',
      'DELETE',
    ]);
    await register(4, { Address: '2001:db8::4' });
    const ipv6 = '[2001:0db8:0000:0000:0000:0000:0000:0004]:80=1';
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1', ipv6])).toEqual(['POST', 'DELETE']);
    await register(4, { Address: 'Node-4.example' });
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1', 'Node-4.example:80=1'])).toEqual([
      'POST',
      'DELETE',
    ]);
    await consul.catalog({
      Node: 'other',
      Address: '10.9.9.9',
      Service: { ID: 'web', Service: 'web', Address: '10.0.0.1', Port: 80 },
    });
    await consul.deregister('web-4');
    expect(await follow(['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1'])).toEqual(['DELETE']);
  });

  test('all critical: all stay; none registered: all stay for the grace, then the upstream is empty', async () => {
    await register(1);
    await register(2);
    run('--empty-grace-seconds', '1');
    await follow(['10.0.0.1:80=1', '10.0.0.2:80=1']);
    await consul.setCheck('check-1', 'critical');
    await follow(['10.0.0.2:80=1']);
    await consul.setCheck('check-2', 'critical');
    await follow(['10.0.0.1:80=1', '10.0.0.2:80=1']);
    await consul.deregister('web-1');
    await follow(['10.0.0.2:80=1']);
    await consul.deregister('web-2');
    await eventually(() => expect(sidecar?.stderr()).toContain('empty_grace'));
    expect(kong.targets('web')).toEqual(['10.0.0.2:80=1']);
    await follow([]);
    expect(kong.admin.tables.find('upstreams', 'web')).toBeDefined();
  });
});

describe('bindings', () => {
  test('the config file is followed: a new upstream comes, one that left goes after its grace', async () => {
    await register(1);
    run('--unbind-grace-seconds', '0.2');
    await follow(['10.0.0.1:80=1']);
    await writeFile(path.join(folder, 'config.yml'), 'upstreams:\n  other: { service: web }\n');
    await eventually(() => expect(kong.targets('other')).toEqual(['10.0.0.1:80=1']));
    await eventually(() => expect(kong.admin.tables.find('upstreams', 'web')).toBeUndefined());
    await writeFile(path.join(folder, 'config.yml'), 'upstreams: [nonsense\n');
    await eventually(() => expect(sidecar?.stderr()).toContain('the last good one stays in use'));
    expect(kong.targets('other')).toEqual(['10.0.0.1:80=1']);
  });

  test('the plugin on a Service whose host is a name of Consul DNS fills an upstream first, and takes it back', async () => {
    await register(1);
    await kong.seed('POST', '/services', { name: 'shop', host: 'web.service.consul' });
    run('--kong-poll-seconds', '0.1', '--unbind-grace-seconds', '0.2');
    await follow(['10.0.0.1:80=1']);
    const plugin = await kong.seed('POST', '/services/shop/plugins', { name: 'kong-upstream-healthcheck' });
    await eventually(() => expect(kong.targets('web.service.consul')).toEqual(['10.0.0.1:80=1']));
    expect(kong.writes().map(({ method, body }) => [method, body?.name ?? body?.target])).toEqual([
      ['POST', 'kong-consul-staging.web.service.consul'],
      ['POST', '10.0.0.1:80'],
      ['PATCH', 'web.service.consul'],
    ]);
    kong.requests.length = 0;
    await kong.seed('DELETE', `/plugins/${String(plugin.id)}`, {});
    await eventually(() => expect(kong.admin.tables.find('upstreams', 'web.service.consul')).toBeUndefined());
    expect(kong.writes().map(({ method }) => method)).toEqual(['DELETE']);
  });
});

describe('the plugin’s settings', () => {
  test('an edit is followed with one PATCH of what differs; one that is refused freezes the upstream', async () => {
    await register(1);
    await kong.seed('POST', '/services', { name: 'shop', host: 'web.service.consul' });
    const plugin = await kong.seed('POST', '/services/shop/plugins', { name: 'kong-upstream-healthcheck' });
    run('--kong-poll-seconds', '0.1', '--unbind-grace-seconds', '0.1');
    await eventually(() => expect(kong.targets('web.service.consul')).toEqual(['10.0.0.1:80=1']));
    await follow(['10.0.0.1:80=1']);
    await kong.seed('PATCH', `/plugins/${String(plugin.id)}`, {
      config: { upstream: { slots: 100 }, healthchecks: { active: { timeout: 3 } } },
    });
    await eventually(() => expect(kong.writes()).toHaveLength(1));
    expect(kong.writes()[0]).toMatchObject({
      method: 'PATCH',
      body: { slots: 100, healthchecks: { active: { timeout: 3 } } },
    });
    expect(kong.writes()[0]?.body).toEqual({ slots: 100, healthchecks: { active: { timeout: 3 } } });
    await kong.seed('PATCH', `/plugins/${String(plugin.id)}`, { config: { port: 99_999_999 } });
    await eventually(() =>
      expect(sidecar?.stderr()).toContain('a binding cannot be read: the upstream stays as it is'),
    );
    expect(kong.targets('web.service.consul')).toEqual(['10.0.0.1:80=1']);
    expect(kong.writes()).toHaveLength(1);
  });
});

describe('Kong', () => {
  test('gone at the start and in the middle: waits, and converges', async () => {
    await register(1);
    await kong.stop();
    run();
    await eventually(() => expect(sidecar?.stderr()).toContain('waiting for Kong'));
    await kong.listen();
    await follow(['10.0.0.1:80=1']);
    await kong.stop();
    await register(2);
    await eventually(() => expect(sidecar?.stderr()).toContain('Kong did not take the plan'));
    await kong.listen();
    await follow(['10.0.0.1:80=1', '10.0.0.2:80=1']);
  });

  test('restarted empty: all is written again, within the owner check', async () => {
    await register(1);
    run('--owner-check-seconds', '0.2');
    await follow(['10.0.0.1:80=1']);
    kong.empty();
    await follow(['10.0.0.1:80=1']);
  });

  test('without a database: followed as well, and filled again when it was restarted empty', async () => {
    await replaceKong({ database: 'off' });
    await register(1);
    run();
    await follow(['10.0.0.1:80=1']);
    await register(2);
    await follow(['10.0.0.1:80=1', '10.0.0.2:80=1']);
    await kong.stop();
    await kong.listen();
    await follow(['10.0.0.1:80=1', '10.0.0.2:80=1']);
  });

  test('a wrong token: a clear sentence and exit 1', async () => {
    await replaceKong({ adminToken: 'right' });
    expect(await run('--kong-admin-token', 'wrong-secret').ended).toBe(1);
    expect(sidecar?.stderr()).toContain('access denied (401): check kong.admin_token');
    expect(sidecar?.stderr()).not.toContain('wrong-secret');
  });

  test('drift is put back, and said', async () => {
    await register(1);
    run('--resync-seconds', '1');
    await follow(['10.0.0.1:80=1']);
    const upstream = kong.admin.tables.find('upstreams', 'web');
    await kong.seed('PATCH', '/upstreams/web', { slots: 100 });
    await kong.seed('PATCH', '/upstreams/web/targets/10.0.0.1:80', { weight: 50 });
    await follow(['10.0.0.1:80=1']);
    await eventually(() =>
      expect(kong.admin.tables.find('upstreams', 'web')).toMatchObject({ id: upstream?.id, slots: 10_000 }),
    );
    expect(sidecar?.stderr()).toContain('somebody else had changed it');
  });
});

describe('its own end', () => {
  test('SIGTERM ends it cleanly and leaves Kong as it is', async () => {
    await register(1);
    run();
    await follow(['10.0.0.1:80=1']);
    sidecar?.process.kill('SIGTERM');
    expect(await sidecar?.ended).toBe(0);
    expect(kong.writes()).toEqual([]);
    expect(kong.targets('web')).toEqual(['10.0.0.1:80=1']);
  });

  test('killed in the middle of 200 writes, the next run converges without an orphan', async () => {
    for (let at = 1; at <= 200; at += 1) await register(at, { Check: undefined });
    await kong.seed('POST', '/services', { name: 'shop', host: 'web' });
    kong.inject({ method: 'POST', path: /targets/, does: { kind: 'delay', ms: 20 } });
    run();
    await eventually(() => expect(kong.writes().length).toBeGreaterThan(60));
    sidecar?.process.kill('SIGKILL');
    await sidecar?.ended;
    expect(kong.targets('web')).toEqual([]);
    run();
    await eventually(() => expect(kong.targets('web')).toHaveLength(200));
    expect(kong.admin.tables.all('upstreams').map(({ name }) => name)).toEqual(['web']);
  });
});

describe('what it shows', () => {
  test('readiness with its reason, metrics and the API; and no secret in any of it, at trace level', async () => {
    await replaceKong({ adminToken: 'hush-kong' });
    await kong.stop();
    await register(1);
    const env = {
      CONSUL_HTTP_TOKEN: 'hush-consul',
      KONG_ADMIN_TOKEN: 'hush-kong',
      KONG_ADMIN_URL: kong.adminUrl.replace('//', '//user:hush-basic@'),
    };
    const fixed = [
      'run',
      '--config',
      path.join(folder, 'config.yml'),
      '--consul-addr',
      consul.url,
      '--listen',
      '127.0.0.1:0',
    ];
    startSidecar([...fixed, '--log-level', 'trace', '--kong-header', 'X-Secret: hush-header'], env);
    await eventually(() => expect(sidecar?.stderr()).toContain('status is served'));
    const url = /"url":"(?<url>[^"]+)"/.exec(sidecar?.stderr() ?? '')?.groups?.url ?? '';
    const get = async (where: string) => {
      const answer = await fetch(url + where);
      return { status: answer.status, text: await answer.text() };
    };
    expect(await get('/healthz')).toMatchObject({ status: 200 });
    expect(await get('/readyz')).toEqual({ status: 503, text: 'Kong has not answered yet\n' });
    await kong.listen();
    await follow(['10.0.0.1:80=1']);
    await eventually(async () => expect((await get('/readyz')).status).toBe(200));
    const metrics = (await get('/metrics')).text;
    expect(metrics).toContain(`kong_consul_upstreams{kong="${kong.adminUrl}",state="in_sync"} 1`);
    expect(metrics).toContain(
      `kong_consul_kong_writes_total{kong="${kong.adminUrl}",kind="add-target",drift="false"} 1`,
    );
    expect(metrics).toContain('kong_consul_propagation_seconds_count');
    const api = await get('/api/v1/upstreams');
    expect(JSON.parse(api.text)).toMatchObject({ upstreams: [{ upstream: 'web', state: 'in_sync', targets: 1 }] });
    expect(JSON.parse((await get('/api/v1/upstreams/web')).text)).toMatchObject({
      verdicts: [{ target: '10.0.0.1:80', state: 'passing' }],
    });
    await kong.stop();
    await register(2);
    await eventually(() => expect(sidecar?.stderr()).toContain('Kong did not take the plan'));
    expect(
      [sidecar?.stderr(), sidecar?.stdout(), metrics, api.text, (await get('/api/v1/upstreams')).text].join(),
    ).not.toContain('hush');
  });
});
