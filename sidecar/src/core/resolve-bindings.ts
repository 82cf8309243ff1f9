import { isUpstreamName } from './address.ts';
import { type Binding, type BindingOptions, type BindingSource, queryKey, type ServiceQuery } from './binding.ts';
import { type ConsulHost, parseConsulHost } from './consul-host.ts';
import { completeHealthChecks, recordIn } from './health-check-defaults.ts';
import { lintHealthChecks } from './health-check-lint.ts';
import { compareText } from './order.ts';

/** What a binding block says; the rest of the query comes from the host. */
export interface BindingBlock {
  readonly service?: string;
  readonly tags: readonly string[];
  readonly filter?: string;
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly partition?: string;
  readonly options: BindingOptions;
}

/** A Kong Service, as far as bindings need it. */
export interface KongService {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly protocol: string;
}

/** An instance of our plugin; without service and route it is global. */
export interface PluginInstance {
  readonly id: string;
  readonly enabled: boolean;
  readonly serviceId?: string;
  readonly routeId?: string;
  readonly config: PluginConfig;
}

/** A plugin's config as a binding block, or what is wrong with it. */
export type PluginConfig =
  | { readonly ok: true; readonly block: BindingBlock }
  | { readonly ok: false; readonly problems: readonly string[] };

/** One entry under `upstreams:` in the config file. */
export interface FileEntry {
  readonly upstream: string;
  readonly path: string;
  readonly line: number;
  readonly block: BindingBlock;
}

/** All that the binding sources said in one complete reading. */
export interface BindingInput {
  readonly fileEntries: readonly FileEntry[];
  readonly plugins: readonly PluginInstance[];
  readonly kongServices: readonly KongService[];
  /** Route id to Kong Service id. */
  readonly routes: ReadonlyMap<string, string>;
  /** Whether Consul knows the service, undefined while its list was never read; asked for global plugins only. */
  readonly exists: (query: ServiceQuery, upstream: string) => boolean | undefined;
}

/** Bindings that disagree on one upstream: nothing is written for it. */
export interface Conflict {
  readonly upstream: string;
  readonly sources: readonly BindingSource[];
}

/** Something that asks for a binding and gets none. */
export interface Unbound {
  readonly subject: string;
  readonly source: BindingSource;
  readonly reason: string;
  /** An upstream that must be left as it is, for what was meant for it could not be read. */
  readonly frozen?: string;
}

/** Each list sorted by name. */
export interface Resolution {
  readonly bindings: readonly Binding[];
  readonly conflicts: readonly Conflict[];
  readonly unbound: readonly Unbound[];
}

type Attempt = { readonly binding: Binding; readonly protocol?: string } | { readonly unbound: Unbound };

/**
 * Which Consul service feeds which upstream.
 *
 * | plugin on      | binds                                                              |
 * | -------------- | ------------------------------------------------------------------ |
 * | a Kong Service | that Service's host; beats a global one                            |
 * | a Route        | the host of the Route's Service                                    |
 * | nothing        | each Service whose host names a Consul service that exists         |
 * | a Service, `enabled: false` | nothing, and a global one does not bind it either     |
 */
export function resolveBindings(input: BindingInput): Resolution {
  const attempts = [...input.fileEntries.map(fromFile), ...fromPlugins(input)];
  const found = attempts.flatMap((attempt) => ('binding' in attempt ? [attempt] : []));
  const unbound = attempts.flatMap((attempt) => ('unbound' in attempt ? [attempt.unbound] : []));
  const byUpstream = groupBy(found, ({ binding }) => binding.upstream);

  const bindings: Binding[] = [];
  const conflicts: Conflict[] = [];
  for (const [upstream, candidates] of [...byUpstream].sort(([a], [b]) => compareText(a, b))) {
    const [first, ...others] = candidates;
    if (first === undefined) continue;
    const protocols = candidates.flatMap(({ protocol }) => (protocol === undefined ? [] : [protocol]));
    if (others.every((other) => agree(first.binding, other.binding)))
      bindings.push(withHealthChecks(first.binding, protocols));
    else conflicts.push({ upstream, sources: candidates.map(({ binding }) => binding.source) });
  }
  return { bindings, conflicts, unbound: unbound.sort((a, b) => compareText(a.subject, b.subject)) };
}

function fromFile(entry: FileEntry): Attempt {
  const source = { kind: 'file', path: entry.path, line: entry.line } as const;
  return bind(entry.upstream, entry.block, source, entry.upstream);
}

function fromPlugins(input: BindingInput): readonly Attempt[] {
  const plugins = [...input.plugins].sort((a, b) => compareText(a.id, b.id));
  const services = [...input.kongServices].sort((a, b) => compareText(a.id, b.id));
  const onRoutes = groupBy(plugins, (plugin) =>
    plugin.routeId === undefined ? undefined : input.routes.get(plugin.routeId),
  );
  const onServices = groupBy(plugins, (plugin) => (plugin.routeId === undefined ? plugin.serviceId : undefined));
  const globals = plugins.filter(
    (plugin) => plugin.enabled && plugin.serviceId === undefined && plugin.routeId === undefined,
  );
  return services.flatMap((service) => {
    const ofService = onServices.get(service.id) ?? [];
    const own = [
      ...ofService.filter(isEnabled).map((plugin) => attach(plugin, service, 'service')),
      ...(onRoutes.get(service.id) ?? []).filter(isEnabled).map((plugin) => attach(plugin, service, 'route')),
    ];
    if (own.length > 0 || ofService.length > 0) return own;
    return globals.flatMap((plugin) => attachGlobal(plugin, service, input));
  });
}

function isEnabled(plugin: PluginInstance): boolean {
  return plugin.enabled;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function attach(plugin: PluginInstance, service: KongService, scope: 'service' | 'route' | 'global'): Attempt {
  const source = { kind: 'plugin', pluginId: plugin.id, scope, kongService: service.name } as const;
  const subject = `Kong Service ${service.name}`;
  if (plugin.config.ok)
    return { ...bind(service.host, plugin.config.block, source, subject), protocol: service.protocol };
  const reason = `the plugin's config cannot be used: ${plugin.config.problems.join('; ')}`;
  return { unbound: { subject, source, reason, frozen: service.host } };
}

/** A global plugin speaks about every Service, so a Service it does not fit is no news. */
function attachGlobal(plugin: PluginInstance, service: KongService, input: BindingInput): readonly Attempt[] {
  const attempt = attach(plugin, service, 'global');
  if ('unbound' in attempt) return attempt.unbound.frozen === undefined ? [] : [attempt];
  if (plugin.config.ok && plugin.config.block.service !== undefined) {
    const reason = 'a global plugin cannot name one Consul service for all; set "service" on a Service\'s own plugin';
    return [{ unbound: { subject: `Kong Service ${service.name}`, source: attempt.binding.source, reason } }];
  }
  const { query, upstream, source } = attempt.binding;
  const exists = input.exists(query, upstream);
  if (exists === undefined) {
    const reason = "Consul's list of services could not be read yet";
    return [{ unbound: { subject: `Kong Service ${service.name}`, source, reason, frozen: upstream } }];
  }
  return exists ? [attempt] : [];
}

function bind(upstream: string, block: BindingBlock, source: BindingSource, subject: string): Attempt {
  if (!isUpstreamName(upstream)) {
    return {
      unbound: { subject, source, reason: `no upstream can be named ${JSON.stringify(upstream)}: not a host name` },
    };
  }
  const host = parseConsulHost(upstream);
  if (block.service === undefined && !host.ok) return { unbound: { subject, source, reason: host.reason } };
  return { binding: { upstream, query: queryOf(block, host), options: block.options, source } };
}

/** What the block says goes before what the host says; a host that is given a service of its own says nothing more. */
function queryOf(block: BindingBlock, host: ConsulHost): ServiceQuery {
  const named = host.ok && (block.service === undefined || block.service === host.service) ? host : undefined;
  const tags = named?.tag === undefined ? block.tags : [...block.tags, named.tag];
  const datacenter = block.datacenter ?? named?.datacenter;
  const namespace = block.namespace ?? named?.namespace;
  const partition = block.partition ?? named?.partition;
  return {
    service: block.service ?? named?.service ?? '',
    tags: [...new Set(tags)].sort(compareText),
    ...(block.filter !== undefined && { filter: block.filter }),
    ...(datacenter !== undefined && { datacenter }),
    ...(namespace !== undefined && { namespace }),
    ...(partition !== undefined && { partition }),
  };
}

/**
 * Fills in what the health checks leave open. A plugin without any has them on, as its README says; the file has them on
 * when it speaks of them.
 */
function withHealthChecks(binding: Binding, protocols: readonly string[]): Binding {
  const { settings } = binding.options;
  if (binding.source.kind === 'file' && settings.healthchecks === undefined) return binding;
  const { host_header: hostHeader } = settings;
  const context = { protocols, ...(typeof hostHeader === 'string' && { hostHeader }) };
  const given = recordIn(settings, 'healthchecks');
  const healthCheckFindings = lintHealthChecks(given, context);
  return {
    ...binding,
    options: { ...binding.options, settings: { ...settings, healthchecks: completeHealthChecks(given, context) } },
    ...(healthCheckFindings.length > 0 && { healthCheckFindings }),
  };
}

function agree(a: Binding, b: Binding): boolean {
  return queryKey(a.query) === queryKey(b.query) && canonical(a.options) === canonical(b.options);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => compareText(a, b)))
      : inner,
  );
}
