import { z } from 'zod';
import type { KongClient } from './client.ts';
import { parse } from './entities.ts';
import { KongStatusError, NotKongError } from './errors.ts';

const root = z.object({
  version: z.string(),
  node_id: z.string().optional(),
  configuration: z.object({ database: z.string(), role: z.string().optional() }),
  plugins: z.object({ available_on_server: z.record(z.string(), z.unknown()) }).optional(),
});

/** What a Kong says of itself at `GET /`. */
export interface KongInfo {
  readonly version: string;
  readonly nodeId: string | undefined;
  /** `off`: without a database. */
  readonly database: string;
  readonly role: string;
  readonly plugins: ReadonlySet<string>;
}

/** @throws NotKongError when something else answers there, with the sentence that tells how to mend it */
export async function readKongInfo(client: KongClient, signal: AbortSignal): Promise<KongInfo> {
  try {
    const answer = await client.request({ method: 'GET', path: '/' }, signal);
    const { version, node_id: nodeId, configuration, plugins } = parse(root, answer.body, 'GET /');
    return {
      version,
      nodeId,
      database: configuration.database,
      role: configuration.role ?? 'traditional',
      plugins: new Set(Object.keys(plugins?.available_on_server ?? {})),
    };
  } catch (error) {
    if (error instanceof KongStatusError) throw explainRefusal(error, client.displayUrl);
    throw error;
  }
}

function explainRefusal(error: KongStatusError, url: string): Error {
  if (error.status === 401 || error.status === 403) {
    return new NotKongError('GET /', url, `access denied (${error.status}): check kong.admin_token or kong.headers`);
  }
  if (error.status === 404) {
    return new NotKongError(
      'GET /',
      url,
      `404 "${error.kongMessage}": this looks like the proxy port or a wrong workspace`,
    );
  }
  return error;
}
