import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { parseBindingBlock } from '../../sidecar/src/config/binding-block.ts';
import { BindingReader } from '../../sidecar/src/kong/binding-reader.ts';
import { DatabaseDriver } from '../../sidecar/src/kong/database-driver.ts';
import { readKongInfo } from '../../sidecar/src/kong/info.ts';
import { readTargetHealth } from '../../sidecar/src/kong/target-health.ts';
import { fuzz } from './fuzz.ts';
import { client, connect, declared, pageOf, server, signal, status, stubKong } from './kong-stub.ts';
import { jsonText, mutated, nastyName, nastyValue } from './nasty.ts';
import { kongInfo, kongRoute, kongService, plugin, tagEntry, target, targetHealth, upstream } from './samples.ts';

stubKong();

const alone = { onChange: () => {}, isOvertaken: () => false };

const bodies = fc.record({
  upstreams: jsonText(pageOf(upstream, { ...upstream, name: 'kong-consul-staging.web' })),
  targets: jsonText(pageOf(target)),
  tags: jsonText(pageOf(tagEntry)),
  services: jsonText(pageOf(kongService)),
  plugins: jsonText(pageOf(plugin, { ...plugin, service: null, route: { id: kongRoute.id } })),
  routes: jsonText(mutated(kongRoute)),
  health: jsonText(pageOf(targetHealth)),
});

describe('an answer of Kong is read whole, or refused by name', () => {
  fuzz('what it says of itself', fc.tuple(status, jsonText(mutated(kongInfo))), async ([code, body]) => {
    server.answer = () => ({ status: code, body });
    await declared(readKongInfo(client, signal));
  });

  fuzz('upstreams, targets and tags', fc.tuple(status, bodies), async ([code, body]) => {
    server.answer = ({ url }) => ({ status: code, body: bodyFor(url, body) });
    const driver = new DatabaseDriver(client, 'test');
    await declared(driver.readStates(new Set(['web.service.consul']), signal));
    await declared(driver.readState('web.service.consul', signal));
    await declared(driver.readOwnedIds(signal));
    onlyKnownPaths();
  });

  fuzz('plugins, services and routes', fc.tuple(status, bodies), async ([code, body]) => {
    server.answer = ({ url }) => ({ status: code, body: bodyFor(url, body) });
    const bindings = new BindingReader(client, (config) => parseBindingBlock(config, 'plugin'));
    await declared(bindings.read(true, signal));
    onlyKnownPaths();
  });

  fuzz('health of targets', fc.tuple(status, bodies), async ([code, body]) => {
    server.answer = ({ url }) => ({ status: code, body: bodyFor(url, body) });
    await declared(readTargetHealth(client, 'web.service.consul', signal));
    onlyKnownPaths();
  });

  fuzz(
    'answers to writes',
    fc.tuple(status, jsonText(mutated(upstream, target)), jsonText(mutated(upstream, target))),
    async ([code, first, second]) => {
      let count = 0;
      server.answer = () => {
        count += 1;
        return { status: code, body: count % 2 === 1 ? first : second };
      };
      const driver = new DatabaseDriver(client, 'test');
      const name = 'web.service.consul';
      const create = { kind: 'create-upstream', upstream: name, staged: false, body: { name } } as const;
      const add = { kind: 'add-target', upstream: name, target: '10.0.0.1:8080', weight: 1, reason: '' } as const;
      const remove = { kind: 'remove-target', upstream: name, target: '10.0.0.1:8080', reason: '' } as const;
      await declared(driver.apply([create, add, remove], { current: undefined, staged: undefined }, signal, alone));
      onlyKnownPaths();
    },
  );
});

describe('pages', () => {
  const offsets = fc.array(fc.oneof(nastyValue, fc.constantFrom('a', 'b')), { minLength: 1, maxLength: 6 });
  fuzz('end, or are an error, wherever their offsets lead', offsets, async (given) => {
    let count = 0;
    server.answer = () => {
      const offset = given[count % given.length];
      count += 1;
      return { body: JSON.stringify({ data: [], offset }) };
    };
    await declared(new DatabaseDriver(client, 'test').readOwnedIds(signal));
    expect(count).toBeLessThanOrEqual(given.length + 1);
    onlyKnownPaths();
  });
});

describe('what is sent to Kong is one request with those names in it', () => {
  const given = fc.record({ workspace: nastyName, adminToken: nastyName, header: nastyName });
  fuzz('whatever workspace, token and headers are', given, async ({ workspace, adminToken, header }) => {
    server.seen.length = 0;
    server.answer = () => ({ body: JSON.stringify(kongInfo) });
    const other = attempt(() =>
      connect({ workspace, adminToken: `hush${adminToken}`, headers: { 'X-Key': `hush${header}` } }),
    );
    if (other === undefined) return;
    try {
      await declared(readKongInfo(other, signal));
    } finally {
      other.close();
    }
    for (const { url, headers } of server.seen) {
      const { pathname, search } = new URL(url ?? '', server.url);
      expect(search).toBe('');
      expect(pathname.split('/').map(decodeURIComponent)).toEqual(['', 'base', workspace, 'kong']);
      expect(Object.keys(headers)).not.toContain('x-evil');
    }
  });
});

function bodyFor(url: string | undefined, body: Readonly<Record<string, string>>): string {
  const { pathname } = new URL(url ?? '/', server.url);
  const last = pathname.split('/').at(-1) ?? '';
  if (body[last] !== undefined) return body[last];
  if (pathname.startsWith('/base/upstreams/')) return String(body.upstreams);
  return String(pathname.startsWith('/base/routes/') ? body.routes : body.tags);
}

const ID = '[0-9a-f]{8}-[0-9a-f-]{27}';
const PATHS = new RegExp(
  `^/base/(|upstreams|services|plugins|tags/kong-consul%3Atest|routes/${ID}|upstreams/[\\w.-]+(/targets(/[0-9.%A-Za-z-]+)?|/health)?)$`,
);

function onlyKnownPaths(): void {
  for (const { url } of server.seen.splice(0)) {
    const { pathname, searchParams } = new URL(url ?? '', server.url);
    expect(pathname).toMatch(PATHS);
    expect([...searchParams.keys()].filter((key) => key !== 'size' && key !== 'offset')).toEqual([]);
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    expect(String(error)).toMatch(/not a name/);
    return undefined;
  }
}
