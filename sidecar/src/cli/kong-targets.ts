import type { Config } from '../config/config.ts';
import { displayUrl } from '../kong/admin-http.ts';
import { KongClient } from '../kong/client.ts';
import { KongUnreachableError } from '../kong/errors.ts';
import { type KongInfo, readKongInfo } from '../kong/info.ts';
import { type KongTarget, sortKongs } from '../kong/kong-list.ts';
import { deadline } from '../net/deadline.ts';
import type { CommandIo } from './session.ts';

/** A node that is slow must not hold up the others. */
const ASK_MS = 3_000;

/**
 * What `kong.admin_url` stands for: one Kong, a fleet without a database, or a cluster with one. Each node of it is a
 * config of its own, that of a command for this Kong alone.
 * @throws KongUnsupportedError for a mixed list, KongUnreachableError when none of several answers
 */
export async function kongTargets(io: CommandIo): Promise<readonly CommandIo[]> {
  const { config, signal } = io;
  const { adminUrl } = config.kong;
  if (adminUrl.length === 1) return [io];
  const asked = await Promise.all(
    adminUrl.map(async (url) => ({ full: url, url: displayUrl(url), info: await ask(config, url, signal) })),
  );
  const targets = sortKongs(asked);
  if (targets.length === 0)
    throw new KongUnreachableError('GET /', asked.map(({ url }) => url).join(', '), 'none answers');
  const fullUrl = (url: string) => asked.find((each) => each.url === url)?.full ?? url;
  return targets.map((target) => ({ ...io, config: onlyFor(config, target, fullUrl) }));
}

/** The name of a node, for people. */
export function nodeName({ config }: CommandIo): string {
  return displayUrl(config.kong.adminUrl[0] ?? '');
}

function onlyFor(config: Config, { url, standbyUrls }: KongTarget, fullUrl: (url: string) => string): Config {
  return { ...config, kong: { ...config.kong, adminUrl: [fullUrl(url), ...standbyUrls.map(fullUrl)] } };
}

/** One try; undefined when it does not answer. */
async function ask({ kong }: Config, adminUrl: string, signal: AbortSignal): Promise<KongInfo | undefined> {
  const client = new KongClient({ ...kong, adminUrl, timeoutMs: kong.timeoutSeconds * 1000 });
  using limit = deadline(signal, ASK_MS);
  try {
    return await readKongInfo(client, limit.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KongUnreachableError || limit.expired()) return undefined;
    throw error;
  } finally {
    client.close();
  }
}
