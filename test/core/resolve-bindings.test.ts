import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../sidecar/src/core/binding.ts';
import {
  type BindingBlock,
  type BindingInput,
  type KongService,
  type PluginInstance,
  resolveBindings,
} from '../../sidecar/src/core/resolve-bindings.ts';
import { options } from './builders.ts';

function block(fields: Partial<BindingBlock> = {}): BindingBlock {
  return { tags: [], options: options(), ...fields };
}

function plugin(id: string, fields: Partial<PluginInstance> = {}): PluginInstance {
  return { id, enabled: true, config: { ok: true, block: block() }, ...fields };
}

function service(name: string, host = name): KongService {
  return { id: `id-${name}`, name, host, protocol: 'http' };
}

function resolve(input: Partial<BindingInput>) {
  return resolveBindings({
    fileEntries: [],
    plugins: [],
    kongServices: [],
    routes: new Map(),
    exists: () => true,
    ...input,
  });
}

/** `upstream <- service by scope`. */
function bound(input: Partial<BindingInput>): readonly string[] {
  return resolve(input).bindings.map(
    ({ upstream, query, source }) =>
      `${upstream} <- ${query.service} by ${source.kind === 'file' ? 'file' : source.scope}`,
  );
}

describe('which plugin binds which upstream', () => {
  const web = service('web', 'web.service.consul');
  const onService = plugin('a', { serviceId: web.id });
  const onRoute = plugin('b', { routeId: 'r1' });
  const everywhere = plugin('c');
  const routes = new Map([['r1', web.id]]);

  test.each<[string, Partial<BindingInput>, readonly string[]]>([
    ['on a Service', { plugins: [onService] }, ['web.service.consul <- web by service']],
    ['on a Route', { plugins: [onRoute], routes }, ['web.service.consul <- web by route']],
    ['on a Route without a Service', { plugins: [onRoute] }, []],
    ['global', { plugins: [everywhere] }, ['web.service.consul <- web by global']],
    ['global, no such Consul service', { plugins: [everywhere], exists: () => false }, []],
    ['a Service beats global', { plugins: [everywhere, onService] }, ['web.service.consul <- web by service']],
    ['disabled on the Service opts out of global', { plugins: [everywhere, { ...onService, enabled: false }] }, []],
    ['disabled', { plugins: [{ ...onService, enabled: false }] }, []],
    ['a disabled global one', { plugins: [{ ...everywhere, enabled: false }] }, []],
    [
      'on a Service and its Route, agreeing',
      { plugins: [onService, onRoute], routes },
      ['web.service.consul <- web by service'],
    ],
  ])('%s', (_, input, expected) => {
    expect(bound({ kongServices: [web], ...input })).toEqual(expected);
  });

  test('a global one freezes what it might bind while the list of services was never read', () => {
    const { bindings, unbound } = resolve({ kongServices: [web], plugins: [everywhere], exists: () => undefined });
    expect(bindings).toEqual([]);
    expect(unbound).toMatchObject([
      { frozen: 'web.service.consul', reason: expect.stringContaining('could not be read yet') },
    ]);
  });

  test('a global one binds only hosts that can be names of Consul', () => {
    const kongServices = [
      service('web'),
      service('ip', '10.0.0.1'),
      service('external', 'api.example.com'),
      service('dc', 'web.service.dc2.consul'),
    ];
    expect(bound({ kongServices, plugins: [everywhere] })).toEqual([
      'web <- web by global',
      'web.service.dc2.consul <- web by global',
    ]);
    expect(resolve({ kongServices, plugins: [everywhere] }).unbound).toEqual([]);
  });

  test.each([
    ['an IP address', '10.0.0.1', /no upstream can be named "10\.0\.0\.1"/],
    ['an external name', 'api.example.com', /set "service" to bind it/],
    ['a prepared query', 'web.query.consul', /not a service name/],
  ])('on a Service whose host is %s: reported, not bound', (_, host, reason) => {
    const { bindings, unbound } = resolve({
      kongServices: [service('x', host)],
      plugins: [plugin('a', { serviceId: 'id-x' })],
    });
    expect(bindings).toEqual([]);
    expect(unbound).toMatchObject([{ subject: 'Kong Service x', reason: expect.stringMatching(reason) }]);
  });

  test('any host can be bound by naming the service', () => {
    const named = plugin('a', { serviceId: 'id-x', config: { ok: true, block: block({ service: 'web' }) } });
    expect(bound({ kongServices: [service('x', 'api.example.com')], plugins: [named] })).toEqual([
      'api.example.com <- web by service',
    ]);
  });

  test('a config that cannot be used freezes its upstream, whatever else binds it', () => {
    const broken = plugin('a', { serviceId: web.id, config: { ok: false, problems: ['port: too big'] } });
    expect(resolve({ kongServices: [web], plugins: [broken] }).unbound).toMatchObject([
      { frozen: 'web.service.consul', reason: expect.stringContaining('port: too big') },
    ]);
  });
});

describe('bindings that disagree', () => {
  const fileEntry = { upstream: 'web', path: 'kc.yml', line: 2, block: block() };
  test.each<[string, Partial<BindingBlock>, boolean]>([
    ['the same', {}, false],
    ['another service', { service: 'other' }, true],
    ['other tags', { tags: ['v1'] }, true],
    ['another option', { options: options({ passingOnly: true }) }, true],
    ['other settings', { options: options({ settings: { slots: 100 } }) }, true],
  ])('file and plugin: %s', (_, fields, isConflict) => {
    const other = plugin('a', { serviceId: 'id-web', config: { ok: true, block: block(fields) } });
    const { bindings, conflicts } = resolve({
      fileEntries: [fileEntry],
      kongServices: [service('web')],
      plugins: [other],
    });
    expect(conflicts).toHaveLength(isConflict ? 1 : 0);
    expect(bindings).toHaveLength(isConflict ? 0 : 1);
    if (isConflict) expect(conflicts[0]?.sources.map(({ kind }) => kind)).toEqual(['file', 'plugin']);
  });

  test('leave the others alone', () => {
    const kongServices = [service('web'), { ...service('web2'), host: 'web' }, service('shop')];
    const plugins = [
      plugin('a', { serviceId: 'id-web', config: { ok: true, block: block({ service: 'one' }) } }),
      plugin('b', { serviceId: 'id-web2', config: { ok: true, block: block({ service: 'two' }) } }),
      plugin('c', { serviceId: 'id-shop' }),
    ];
    expect(resolve({ kongServices, plugins })).toMatchObject({
      bindings: [{ upstream: 'shop' }],
      conflicts: [{ upstream: 'web' }],
    });
  });
});

describe('what host and block say together', () => {
  test.each<[string, Partial<BindingBlock>, object]>([
    ['v1.web.service.dc2.consul', {}, { service: 'web', tags: ['v1'], datacenter: 'dc2' }],
    ['v1.web.service.consul', { tags: ['blue', 'v1'] }, { service: 'web', tags: ['blue', 'v1'] }],
    ['web.service.dc2.consul', { datacenter: 'dc3' }, { service: 'web', tags: [], datacenter: 'dc3' }],
    ['web.service.dc2.consul', { service: 'other' }, { service: 'other', tags: [] }],
    [
      'web',
      { filter: 'x', namespace: 'n', partition: 'p' },
      { service: 'web', tags: [], filter: 'x', namespace: 'n', partition: 'p' },
    ],
  ])('%s with %o', (upstream, fields, query) => {
    const { bindings } = resolve({ fileEntries: [{ upstream, path: 'kc.yml', line: 1, block: block(fields) }] });
    expect(bindings[0]?.query).toEqual(query);
  });
});

test('health checks are on for a plugin that names none, and off in a file that names none', () => {
  const fileEntries = [{ upstream: 'file', path: 'kc.yml', line: 1, block: block() }];
  const { bindings } = resolve({
    fileEntries,
    kongServices: [service('web')],
    plugins: [plugin('a', { serviceId: 'id-web' })],
  });
  expect(
    bindings.map(({ upstream, options: { settings } }) => [upstream, settings.healthchecks !== undefined]),
  ).toEqual([
    ['file', false],
    ['web', true],
  ]);
});

describe('what is doubtful about health checks', () => {
  const rulesOf = (healthchecks: JsonObject, protocol = 'http') => {
    const config = { ok: true, block: block({ options: options({ settings: { healthchecks } }) }) } as const;
    const { bindings } = resolve({
      kongServices: [{ ...service('web'), protocol }],
      plugins: [plugin('a', { serviceId: 'id-web', config })],
    });
    return bindings[0]?.healthCheckFindings?.map(({ rule }) => rule);
  };

  test.each<[string, JsonObject, string, readonly string[] | undefined]>([
    ['lists that are filled in', { active: { http_path: '/health' } }, 'http', undefined],
    ['a list of its own', { active: { healthy: { http_statuses: [200] } } }, 'http', ['status-gap']],
    ['a protocol that Kong has no probe for', {}, 'grpc', ['unprobed']],
  ])('%s', (_, healthchecks, protocol, rules) => expect(rulesOf(healthchecks, protocol)).toEqual(rules));
});

test('the same input in any order gives the same resolution', () => {
  const kongServices = ['c', 'a', 'b'].map((name) => service(name));
  const plugins = kongServices.map(({ id }) => plugin(`p-${id}`, { serviceId: id }));
  const there = resolve({ kongServices, plugins });
  const back = resolve({ kongServices: [...kongServices].reverse(), plugins: [...plugins].reverse() });
  expect(JSON.stringify(back)).toBe(JSON.stringify(there));
});
