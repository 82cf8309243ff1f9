import type { Json, JsonObject } from '../../core/binding.ts';
import type { KongService, PluginInstance } from '../../core/resolve-bindings.ts';
import { type BlockParser, type KongBindings, PLUGIN_NAME } from '../binding-reader.ts';
import { isObject } from './item.ts';

/** Bindings as a declarative document has them: nested in Services and Routes, or flat with references by name or id. */
export function readDocumentBindings(data: JsonObject, withPlugins: boolean, parseBlock: BlockParser): KongBindings {
  const services = rows(data, 'services');
  const routes = [
    ...rows(data, 'routes').map((route) => ({ route, serviceKey: referenceOf(route.service) })),
    ...services.flatMap((service) => rows(service, 'routes').map((route) => ({ route, serviceKey: keyOf(service) }))),
  ];
  const nested = [
    ...services.flatMap((service) =>
      rows(service, 'plugins').map((plugin) => place(plugin, keyOf(service), undefined)),
    ),
    ...routes.flatMap(({ route }) => rows(route, 'plugins').map((plugin) => place(plugin, undefined, keyOf(route)))),
  ];
  const flat = rows(data, 'plugins').map((plugin) =>
    place(plugin, referenceOf(plugin.service), referenceOf(plugin.route)),
  );
  const ids = idsByName(services);
  const routeIds = idsByName(routes.map(({ route }) => route));
  const found = withPlugins ? [...nested, ...flat].filter(({ plugin }) => plugin.name === PLUGIN_NAME) : [];
  return {
    plugins: found.map(({ plugin, serviceKey, routeKey }): PluginInstance => {
      const serviceId = idFor(serviceKey, ids);
      const routeId = idFor(routeKey, routeIds);
      return {
        id: textOf(plugin.instance_name) ?? textOf(plugin.id) ?? PLUGIN_NAME,
        enabled: plugin.enabled !== false,
        ...(serviceId !== undefined && { serviceId }),
        ...(routeId !== undefined && { routeId }),
        config: parseBlock(plugin.config ?? {}),
      };
    }),
    kongServices: services.flatMap((service) => kongService(service) ?? []),
    routes: new Map(
      routes.flatMap(({ route, serviceKey }) => {
        const [routeId, serviceId] = [keyOf(route), idFor(serviceKey, ids)];
        return routeId === undefined || serviceId === undefined ? [] : [[routeId, serviceId]];
      }),
    ),
  };
}

interface Placed {
  readonly plugin: JsonObject;
  readonly serviceKey: string | undefined;
  readonly routeKey: string | undefined;
}

function place(plugin: JsonObject, serviceKey: string | undefined, routeKey: string | undefined): Placed {
  return { plugin, serviceKey, routeKey };
}

/** `url` is a shorthand for protocol, host, port and path. */
function kongService(service: JsonObject): KongService | undefined {
  const id = keyOf(service);
  const url = typeof service.url === 'string' && URL.canParse(service.url) ? new URL(service.url) : undefined;
  const host = textOf(service.host) ?? url?.hostname;
  if (id === undefined || host === undefined) return undefined;
  const protocol = textOf(service.protocol) ?? url?.protocol.replace(/:$/, '') ?? 'http';
  return { id, name: textOf(service.name) ?? id, host, protocol };
}

function idsByName(entities: readonly JsonObject[]): ReadonlyMap<string, string> {
  return new Map(
    entities.flatMap((entity) => {
      const [name, key] = [textOf(entity.name), keyOf(entity)];
      return name === undefined || key === undefined ? [] : [[name, key]];
    }),
  );
}

/** A reference is an id or a name. */
function idFor(key: string | undefined, idsByName: ReadonlyMap<string, string>): string | undefined {
  return key === undefined ? undefined : (idsByName.get(key) ?? key);
}

function keyOf(entity: JsonObject): string | undefined {
  return textOf(entity.id) ?? textOf(entity.name);
}

/** In short, or as `{ id }` or `{ name }`. */
function referenceOf(value: Json | undefined): string | undefined {
  return isObject(value) ? (textOf(value.id) ?? textOf(value.name)) : textOf(value);
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function rows(container: JsonObject, name: string): readonly JsonObject[] {
  const list = container[name];
  return Array.isArray(list) ? list.filter(isObject) : [];
}
