import type { AxiosInstance } from 'axios';
import { z } from 'zod';

/** What the demo needs in Kong. */
export interface DemoObjects {
  /** The Kong Service, its host and the Consul service that feeds it. */
  readonly service: string;
  readonly path: string;
}

const PLUGIN = 'kong-upstream-healthcheck';
const pluginList = z.object({ data: z.array(z.object({ id: z.string(), name: z.string() })) });

/** Creates the Kong Service, its Route and the plugin, or sets them right again. @throws AxiosError when Kong refuses */
export async function createObjects(kong: AxiosInstance, { service, path }: DemoObjects): Promise<void> {
  await kong.put(`/services/${service}`, { host: service, protocol: 'http', retries: 5, connect_timeout: 2000 });
  await kong.put(`/services/${service}/routes/${service}`, { paths: [path], protocols: ['http', 'https'] });
  await enablePlugin(kong, service);
}

async function enablePlugin(kong: AxiosInstance, service: string): Promise<void> {
  const plugins = pluginList.parse((await kong.get(`/services/${service}/plugins`)).data);
  const found = plugins.data.find(({ name }) => name === PLUGIN);
  const config = { healthchecks: { active: { http_path: '/health' } } };
  if (found === undefined) await kong.post(`/services/${service}/plugins`, { name: PLUGIN, config });
  else await kong.patch(`/plugins/${found.id}`, { enabled: true, config });
}
