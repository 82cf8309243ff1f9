import type { Config } from '../config/config.ts';
import { KongClient } from '../kong/client.ts';
import { HealthReader } from '../kong/health-reader.ts';
import type { KongInfo } from '../kong/info.ts';

/** Somebody waits for the answer, and asks again soon: why it failed is worth more than another try. */
const NO_RETRIES = 0;

/** How to tell a Kong's health checks apart from its entities. */
export const STATUS_URL_HINT =
  'a control plane has no balancer: give kong.status_url, the Status API (status_listen) of each data plane';

/** Asks the data planes in `kong.status_url`, else the Admin API; a control plane alone knows no health, and it is said. */
export function createHealthReader(config: Config, info: KongInfo): HealthReader {
  const dataPlanes = createDataPlanes(config);
  if (dataPlanes.length > 0) return new HealthReader(dataPlanes);
  if (info.role === 'control_plane') return new HealthReader([], [`health is not known: ${STATUS_URL_HINT}`]);
  const { kong } = config;
  const shared = { ...kong, timeoutMs: kong.timeoutSeconds * 1000, retries: NO_RETRIES };
  return new HealthReader(kong.adminUrl.map((adminUrl) => new KongClient({ ...shared, adminUrl })));
}

/** The Status APIs, which take no token: what is secret is for the Admin API alone. */
export function createDataPlanes({ kong }: Config): readonly KongClient[] {
  const { caFile, certFile, keyFile, verify, concurrency, writesPerSecond } = kong;
  const shared = {
    caFile,
    certFile,
    keyFile,
    verify,
    concurrency,
    writesPerSecond,
    headers: {},
    api: 'Status API',
  } as const;
  return kong.statusUrl.map((adminUrl) => {
    return new KongClient({ ...shared, adminUrl, timeoutMs: kong.timeoutSeconds * 1000, retries: NO_RETRIES });
  });
}
