import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { KongClient } from '../kong/client.ts';
import { KongStatusError, KongUnreachableError } from '../kong/errors.ts';
import { type KongInfo, readKongInfo } from '../kong/info.ts';
import { backoffMs, sleep } from '../net/sleep.ts';
import { BindingSources } from '../reconcile/binding-sources.ts';
import { Follower } from '../reconcile/follow.ts';
import { readAssets } from '../serve/assets.ts';
import { statusEndpoints } from '../serve/endpoints.ts';
import { type RunningServer, startServer } from '../serve/server.ts';
import { fileEntries, followConfigFile, parsePluginConfig } from './binding-config.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { createRunParts, type RunParts } from './run-parts.ts';
import { type CommandIo, createDriver, guardLimits, tagOf } from './session.ts';

const SHUTDOWN_MS = 4_000;
const KONG_RETRY_CAP_MS = 2_000;
const SAY_AGAIN_EVERY = 30;

/** `run`: follows Consul until the signal is aborted, and leaves Kong as it is then. */
export async function runCommand(io: CommandIo, flags: { readonly dryRun: boolean }): Promise<ExitCode> {
  const parts = await createRunParts(io, flags);
  const server = await serveStatus(io, parts);
  try {
    await follow(io, parts, flags.dryRun);
  } catch (error) {
    if (!io.signal.aborted) throw error;
  } finally {
    await shutDown(parts, server);
  }
  io.log.info('stopped; Kong keeps its targets');
  return EXIT.ok;
}

async function follow(io: CommandIo, parts: RunParts, dryRun: boolean): Promise<void> {
  const { config, signal } = io;
  const { store, kong, consul, pool } = parts;
  const info = await awaitKong(kong, io.log, signal);
  parts.driver = createDriver(config, kong, info, { stays: true, onNews: parts.onNews });
  parts.kongInfo = info;
  io.log.info({ kong: kong.displayUrl, version: info.version, consul: consul.displayAddr, dryRun }, 'following Consul');

  const sources = new BindingSources(
    {
      kong,
      document: parts.driver.document,
      consul,
      withPlugins: config.sources.plugin,
      parseBlock: parsePluginConfig,
      maxStaleMs: config.consul.maxStaleMs,
      isOurs: (upstream) => store.ownsUpstream(upstream),
    },
    fileEntries(config),
  );
  const context = {
    store,
    driver: parts.driver,
    snapshots: pool,
    tag: tagOf(config),
    limits: guardLimits(config),
    unbindGraceMs: config.unbindGraceSeconds * 1000,
    policy: config.kong.policy,
    force: false,
    onChange: parts.onChange,
  };
  const follower = new Follower(
    { context, dryRun, leadership: parts.leadership, pool, sources, ...pacing(config), ...watchfulness(parts) },
    signal,
  );
  parts.follower = follower;
  await Promise.all([
    follower.run(),
    parts.election?.run(signal),
    followConfigFile(io, sources, () => follower.rereadBindings()),
  ]);
}

function pacing(config: Config) {
  return {
    coalesceMs: config.coalesceMs,
    pollMs: config.kong.pollSeconds * 1000,
    resyncMs: config.resyncSeconds * 1000,
    ownerCheckMs: config.ownerCheckSeconds * 1000,
    startupHoldMs: config.startupHoldSeconds * 1000,
  };
}

function watchfulness(parts: RunParts) {
  return {
    kongAnswers: (signal: AbortSignal) => answers(parts.kong, signal),
    kongDisconnected: (signal: AbortSignal) => parts.kong.disconnected(signal),
    onSync: parts.onSync,
  };
}

/** Waits for a Kong that is not there yet. @throws when something else answers, or Kong refuses us */
async function awaitKong(kong: KongClient, log: Logger, signal: AbortSignal): Promise<KongInfo> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await readKongInfo(kong, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isOutage(error)) throw error;
      if (attempt % SAY_AGAIN_EVERY === 0) log.warn({ problem: error.message }, 'waiting for Kong');
      await sleep(Math.max(100, backoffMs(attempt, 200, KONG_RETRY_CAP_MS)), signal);
    }
  }
}

async function answers(kong: KongClient, signal: AbortSignal): Promise<boolean> {
  try {
    await readKongInfo(kong, signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

function isOutage(error: unknown): error is KongUnreachableError | KongStatusError {
  return error instanceof KongUnreachableError || (error instanceof KongStatusError && error.isPassing);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

/** Ends everything, with a bound: what has not ended by then is cut off. */
async function shutDown(parts: RunParts, server: RunningServer | undefined): Promise<void> {
  parts.shown.feed.close();
  const limit = new AbortController();
  const bound = sleep(SHUTDOWN_MS, limit.signal).catch(() => {});
  await Promise.race([Promise.all([parts.pool.ended(), server?.close()]), bound]);
  limit.abort();
  parts.consul.close();
  parts.kong.close();
}
