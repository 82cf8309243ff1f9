import { z } from 'zod';
import type { KongService, PluginConfig, PluginInstance } from '../core/resolve-bindings.ts';
import type { KongClient } from './client.ts';
import { entityId, parse } from './entities.ts';
import { ListReader } from './list-reader.ts';
import { kongPath } from './path.ts';

/** The plugin whose instances are bindings. */
export const PLUGIN_NAME = 'kong-upstream-healthcheck';

const reference = z.object({ id: entityId }).nullish();
const named = z.looseObject({ id: entityId, name: z.string() });
const plugin = z.object({
  id: entityId,
  enabled: z.boolean().default(true),
  service: reference,
  route: reference,
  config: z.unknown(),
});
const service = z.object({
  id: entityId,
  name: z.string().nullish(),
  host: z.string(),
  protocol: z.string().default('http'),
});
const route = z.object({ service: reference });

/** Our plugin's instances and the Kong Services they speak of, all of one reading. */
export interface KongBindings {
  readonly plugins: readonly PluginInstance[];
  readonly kongServices: readonly KongService[];
  /** Route id to Kong Service id. */
  readonly routes: ReadonlyMap<string, string>;
}

/** Parses a plugin's config to a binding block. */
export type BlockParser = (config: unknown) => PluginConfig;

/** Reads the plugin's instances and Kong Services again and again. */
export class BindingReader {
  readonly #client: KongClient;
  readonly #plugins: ListReader<PluginInstance | undefined>;
  readonly #services: ListReader<KongService>;

  constructor(client: KongClient, parseBlock: BlockParser) {
    this.#client = client;
    this.#plugins = new ListReader(client, (item) => parsePlugin(item, parseBlock));
    this.#services = new ListReader(client, parseService);
  }

  /** Every plugin (Kong ignores `?name=`, recorded) and every Service. @throws when any page could not be read */
  async read(withPlugins: boolean, signal: AbortSignal): Promise<KongBindings> {
    const [all, kongServices] = await Promise.all([
      withPlugins ? this.#plugins.read('/plugins', signal) : [],
      this.#services.read('/services', signal),
    ]);
    const plugins = all.flatMap((instance) => instance ?? []);
    return { plugins, kongServices, routes: await readRoutes(this.#client, plugins, signal) };
  }
}

/** Undefined for another plugin. */
function parsePlugin(item: unknown, parseBlock: BlockParser): PluginInstance | undefined {
  if (parse(named, item, 'a plugin').name !== PLUGIN_NAME) return undefined;
  const { id, enabled, service: onService, route: onRoute, config } = parse(plugin, item, 'a plugin');
  const owner = { ...(onService && { serviceId: onService.id }), ...(onRoute && { routeId: onRoute.id }) };
  return { id, enabled, ...owner, config: parseBlock(config) };
}

function parseService(item: unknown): KongService {
  const { id, name, host, protocol } = parse(service, item, 'a Kong Service');
  return { id, name: name ?? id, host, protocol };
}

/** Only the Routes that carry our plugin. */
async function readRoutes(
  client: KongClient,
  plugins: readonly PluginInstance[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(plugins.flatMap((instance) => (instance.routeId === undefined ? [] : [instance.routeId])));
  const pairs = await Promise.all(
    [...ids].map(async (id): Promise<readonly [string, string][]> => {
      const answer = await client.request({ method: 'GET', path: kongPath('routes', id), accept: [404] }, signal);
      const owner = answer.status === 404 ? undefined : parse(route, answer.body, 'a Route').service;
      return owner ? [[id, owner.id]] : [];
    }),
  );
  return new Map(pairs.flat());
}
