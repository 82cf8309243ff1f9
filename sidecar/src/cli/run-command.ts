import { KongUnreachableError } from '../kong/errors.ts';
import { messageOf } from '../net/message-of.ts';
import { sleep } from '../net/sleep.ts';
import { readAssets } from '../serve/assets.ts';
import { statusEndpoints } from '../serve/endpoints.ts';
import { type RunningServer, startServer } from '../serve/server.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { kongTargets } from './kong-targets.ts';
import { followNode } from './run-node.ts';
import { createRunParts, type RunParts } from './run-parts.ts';
import type { CommandIo } from './session.ts';

const SHUTDOWN_MS = 4_000;
const TARGETS_RETRY_MS = 1_000;

/** `run`: follows Consul until the signal is aborted, and leaves Kong as it is then. */
export async function runCommand(io: CommandIo, flags: { readonly dryRun: boolean }): Promise<ExitCode> {
  const parts = await createRunParts(io, await awaitTargets(io), flags);
  const server = await serveStatus(io, parts);
  try {
    await follow(parts, flags.dryRun, io);
  } catch (error) {
    if (!io.signal.aborted) throw error;
  } finally {
    await shutDown(parts, server);
  }
  io.log.info('stopped; Kong keeps its targets');
  return EXIT.ok;
}

/** Several Kongs of a fleet each for themselves: one that cannot be followed leaves the others alone. */
async function follow(parts: RunParts, dryRun: boolean, { log, signal }: CommandIo): Promise<void> {
  const isOne = parts.nodes.length === 1;
  const each = parts.nodes.map(async (node) => {
    try {
      await followNode(node, parts, dryRun);
    } catch (error) {
      if (isOne || signal.aborted) throw error;
      node.failures.note('start', messageOf(error));
      log.error({ kong: node.name, problem: messageOf(error) }, 'this Kong is left out');
    }
  });
  await Promise.all([...each, parts.election?.run(signal)]);
}

/** Of several Kongs one at least must answer before it is known what they are. */
async function awaitTargets(io: CommandIo): Promise<readonly CommandIo[]> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await kongTargets(io);
    } catch (error) {
      if (!(error instanceof KongUnreachableError)) throw error;
      if (attempt === 0) io.log.warn({ problem: error.message }, 'waiting for Kong');
      await sleep(TARGETS_RETRY_MS, io.signal);
    }
  }
}

async function serveStatus(io: CommandIo, parts: RunParts): Promise<RunningServer | undefined> {
  const { listen, listenToken } = io.config;
  if (listen === undefined) return undefined;
  const server = await startServer({
    ...listen,
    endpoints: statusEndpoints(parts.shown, await readAssets()),
    onError: (path, error) => io.log.error({ path, problem: messageOf(error) }, 'a request could not be answered'),
    ...(listenToken !== undefined && { bearerToken: listenToken }),
  });
  io.log.info({ url: server.url }, 'status is served');
  return server;
}

/** Ends everything, with a bound: what has not ended by then is cut off. */
async function shutDown(parts: RunParts, server: RunningServer | undefined): Promise<void> {
  parts.shown.feed.close();
  const limit = new AbortController();
  const bound = sleep(SHUTDOWN_MS, limit.signal).catch(() => {});
  await Promise.race([Promise.all([parts.pool.ended(), server?.close()]), bound]);
  limit.abort();
  parts.consul.close();
  for (const { kong } of parts.nodes) kong.close();
}
