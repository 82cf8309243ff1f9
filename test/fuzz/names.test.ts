import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBindingBlock } from '../../sidecar/src/config/binding-block.ts';
import { parseListen } from '../../sidecar/src/config/listen.ts';
import { nearest } from '../../sidecar/src/config/nearest.ts';
import { consulUrl, isHttpUrl, maskUrl } from '../../sidecar/src/config/url.ts';
import { parseInstances } from '../../sidecar/src/consul/parse-instances.ts';
import { canonicalTarget, isUpstreamName } from '../../sidecar/src/core/address.ts';
import { parseConsulHost } from '../../sidecar/src/core/consul-host.ts';
import { derive } from '../../sidecar/src/core/desired.ts';
import { calculatePlan } from '../../sidecar/src/core/plan.ts';
import { resolveBindings } from '../../sidecar/src/core/resolve-bindings.ts';
import { kongPath } from '../../sidecar/src/kong/path.ts';
import { retryAfterMs } from '../../sidecar/src/net/sleep.ts';
import { fuzz } from './fuzz.ts';
import { mutated, nastyName } from './nasty.ts';
import { healthList, plugin } from './samples.ts';

const TARGET = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f]{4}(:[0-9a-f]{4}){7}\]|[\w.-]+):\d{1,5}$/;

describe('names stay names', () => {
  fuzz('a path below the Admin API', fc.array(nastyName, { minLength: 1, maxLength: 3 }), (names) => {
    const path = attempt(() => kongPath(...names), /not a name/);
    if (path === undefined) return;
    const url = new URL(`http://kong:8001/base${path}`);
    expect(url.host + url.search + url.hash).toBe('kong:8001');
    expect(url.pathname.split('/').slice(2).map(decodeURIComponent)).toEqual(names);
  });

  fuzz(
    'a target',
    fc.tuple(nastyName, fc.oneof(fc.integer(), fc.double(), fc.constantFrom(80, 65_535))),
    ([host, port]) => {
      const canonical = canonicalTarget(host, port);
      if (!canonical.ok) return;
      expect(canonical.target).toMatch(TARGET);
      expect(canonical.target.length).toBeLessThan(300);
    },
  );

  fuzz('a Kong Service host', nastyName, (host) => {
    const parsed = parseConsulHost(host);
    if (parsed.ok) expect(parsed.service).not.toBe('');
    if (isUpstreamName(host)) expect(host).toMatch(/^[\w.-]+$/);
  });
});

describe('bindings of anything', () => {
  fuzz('a plugin config', mutated(plugin.config), (config) => {
    const parsed = parseBindingBlock(config, 'plugin');
    if (!parsed.ok) expect(parsed.problems.join().length).toBeLessThan(20_000);
  });

  fuzz(
    'are bound to names, or said to be none',
    fc.tuple(nastyName, nastyName, mutated(plugin.config)),
    ([host, name, config]) => {
      const kongServices = [{ id: 's', name, host, protocol: 'http' }];
      const plugins = [{ id: 'p', enabled: true, serviceId: 's', config: parseBindingBlock(config, 'plugin') }];
      const { bindings, unbound } = resolveBindings({
        fileEntries: [],
        plugins,
        kongServices,
        routes: new Map(),
        exists: () => true,
      });
      expect(bindings.length + unbound.length).toBe(1);
      for (const { upstream, query } of bindings) {
        expect(upstream).toMatch(/^[\w.-]+$/);
        expect(query.service).not.toBe('');
      }
    },
  );
});

describe('instances of anything', () => {
  fuzz(
    'become targets that are targets, whatever Consul says',
    fc.tuple(mutated(healthList), nastyName),
    ([list, tag]) => {
      const { instances, malformed } = parseInstances(Array.isArray(list) ? list : [list]);
      const options = {
        passingOnly: false,
        onNoHealthy: 'keep',
        panicThreshold: 0,
        addressTag: tag,
        adopt: false,
        settings: {},
      } as const;
      const binding = {
        upstream: 'web',
        query: { service: 'web', tags: [] },
        options,
        source: { kind: 'file', path: 'f', line: 1 },
      } as const;
      const { desired } = derive(binding, instances, malformed.length);
      const plan = calculatePlan({
        desired,
        current: undefined,
        staged: undefined,
        tag: 'kong-consul:test',
        inUse: true,
      });
      for (const change of plan.changes) if (change.kind === 'add-target') expect(change.target).toMatch(TARGET);
    },
  );
});

describe('small texts', () => {
  fuzz('a URL is taken or not, and never shown with its password', fc.tuple(nastyName, nastyName), ([host, path]) => {
    for (const url of [`http://user:hush@${host}/${path}`, `${host}//u:hush@${path}`, `unix://${path}`]) {
      isHttpUrl(url);
      const address = consulUrl(url);
      if (address !== undefined && !address.startsWith('unix:')) new URL(address);
      if (url.includes('hush@') && !/[?#/]/.test(host))
        expect(maskUrl(`http://user:hush@${host}`)).not.toContain('hush');
    }
  });

  fuzz(
    'a listen address',
    fc.oneof(
      nastyName,
      fc.tuple(nastyName, fc.nat()).map(([host, port]) => `${host}:${port}`),
    ),
    (text) => {
      const listen = parseListen(text);
      if (listen) expect(listen.port).toBeLessThanOrEqual(65_535);
    },
  );

  fuzz('Retry-After', fc.oneof(nastyName, fc.double().map(String), fc.date().map(String)), (text) => {
    const ms = retryAfterMs(text);
    if (ms !== undefined) expect(Number.isFinite(ms) && ms >= 0).toBe(true);
  });
});

describe('nothing takes long', () => {
  const LONG = 200_000;
  test.each<[string, () => unknown]>([
    ['an IPv6 address of nothing but colons', () => canonicalTarget(':'.repeat(LONG), 80)],
    ['an IPv6 address of nothing but zeros', () => canonicalTarget('0:'.repeat(LONG), 80)],
    ['a mapped address that never ends', () => canonicalTarget(`${'0:'.repeat(LONG)}ffff:1.2.3`, 80)],
    ['a host name of dots', () => isUpstreamName('a.'.repeat(LONG))],
    ['a Consul host of labels', () => parseConsulHost(`${'a.'.repeat(LONG)}service.consul`)],
    ['a key nobody knows', () => nearest('k'.repeat(LONG), ['owner', 'consul.token_file'])],
    ['a URL with a long password', () => maskUrl(`http://${'@'.repeat(LONG)}`)],
  ])('%s', (_, work) => {
    const startMs = performance.now();
    work();
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });
});

/** The result, or undefined when it refuses with the sentence it declares. */
function attempt<T>(work: () => T, refusal: RegExp): T | undefined {
  try {
    return work();
  } catch (error) {
    expect(String(error)).toMatch(refusal);
    return undefined;
  }
}
