import type { Config } from '../config/config.ts';
import type { KongClient } from '../kong/client.ts';
import { type ConnectedDataPlane, readConfigurationHash, readDataPlanes } from '../kong/data-planes.ts';
import type { KongInfo } from '../kong/info.ts';
import { messageOf } from '../net/message-of.ts';
import { createDataPlanes, STATUS_URL_HINT } from './create-health.ts';
import type { Finding } from './finding.ts';

/** A control plane keeps a data plane that does not answer any more in its list; every 30 s it should hear from it. */
const SILENT_AFTER_MS = 90_000;
const EMPTY_HASH = /^0+$/;

/** Hybrid mode: the control plane's list of data planes, and the Status API of each that is in the config. */
export async function examineDataPlanes(
  { kong, info }: { readonly kong: KongClient; readonly info: KongInfo },
  config: Config,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (info.role !== 'control_plane' && config.kong.statusUrl.length === 0) return [];
  const clients = createDataPlanes(config);
  try {
    const [listed, asked] = await Promise.all([
      info.role === 'control_plane' ? checkList(kong, signal) : [],
      Promise.all(clients.map((client) => checkStatusApi(client, signal))),
    ]);
    return [...listed, ...(clients.length === 0 ? [noStatusUrl()] : asked)];
  } finally {
    for (const client of clients) client.close();
  }
}

function noStatusUrl(): Finding {
  const mend = ['in the config file:', 'kong: { status_url: [http://DATA-PLANE:8007] }'];
  return { check: 'health of targets', level: 'warning', text: `cannot be asked: ${STATUS_URL_HINT}`, mend };
}

async function checkList(kong: KongClient, signal: AbortSignal): Promise<readonly Finding[]> {
  const check = 'data planes';
  let nodes: readonly ConnectedDataPlane[];
  try {
    nodes = await readDataPlanes(kong, signal);
  } catch (error) {
    signal.throwIfAborted();
    return [{ check, level: 'warning', text: `the control plane does not tell: ${messageOf(error)}` }];
  }
  const live = nodes.filter(({ lastSeenMs }) => Date.now() - lastSeenMs < SILENT_AFTER_MS);
  if (live.length === 0)
    return [{ check, level: 'warning', text: 'none is connected: what is written serves no traffic' }];
  const hashes = new Set(live.map(({ configHash }) => configHash)).size;
  const text = `${live.length} connected${hashes === 1 ? ', all with one configuration' : ''}`;
  return [
    { check, level: 'ok', text },
    ...(hashes === 1 ? [] : [lagging(live, check)]),
    ...live
      .filter(({ syncStatus }) => syncStatus !== 'normal')
      .map(({ name, version, syncStatus }): Finding => {
        return { check: `data plane ${name}`, level: 'warning', text: `version ${version}, sync status ${syncStatus}` };
      }),
  ];
}

function lagging(nodes: readonly ConnectedDataPlane[], check: string): Finding {
  const held = nodes.map(({ name, configHash }) => `${name} ${configHash.slice(0, 8)}`).join(', ');
  return {
    check,
    level: 'warning',
    text: `they hold different configurations, as for seconds after a change: ${held}`,
  };
}

async function checkStatusApi(client: KongClient, signal: AbortSignal): Promise<Finding> {
  const check = `data plane ${client.displayUrl}`;
  try {
    const hash = await readConfigurationHash(client, signal);
    if (hash === undefined) {
      const text =
        'answers, but tells no configuration: only a data plane, or a Kong without a database, knows health there';
      return { check, level: 'warning', text, mend: ['leave kong.status_url out: the Admin API is asked then'] };
    }
    if (EMPTY_HASH.test(hash)) return { check, level: 'warning', text: 'has had no configuration yet' };
    return { check, level: 'ok', text: `answers, configuration ${hash.slice(0, 8)}` };
  } catch (error) {
    signal.throwIfAborted();
    const mend = ["check kong.status_url, and in that node's environment:", 'KONG_STATUS_LISTEN=127.0.0.1:8007'];
    return { check, level: 'failure', text: messageOf(error), mend };
  }
}
