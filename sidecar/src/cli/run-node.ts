import type { Change } from '../core/change.ts';
import type { KongClient } from '../kong/client.ts';
import type { KongDriver } from '../kong/driver.ts';
import { KongStatusError, KongUnreachableError, KongUnsupportedError } from '../kong/errors.ts';
import { type KongInfo, readKongInfo } from '../kong/info.ts';
import type { EventLog } from '../log/event-log.ts';
import { backoffMs, sleep } from '../net/sleep.ts';
import { BindingSources } from '../reconcile/binding-sources.ts';
import { Follower } from '../reconcile/follow.ts';
import type { QueryPool } from '../reconcile/shared-queries.ts';
import type { Store } from '../reconcile/store.ts';
import type { KongFailures } from '../serve/kong-failures.ts';
import { fileEntries, followConfigFile, parsePluginConfig } from './binding-config.ts';
import type { RunParts } from './run-parts.ts';
import { type CommandIo, createDriver, guardLimits, tagOf } from './session.ts';

const KONG_RETRY_CAP_MS = 2_000;
const SAY_AGAIN_EVERY = 30;

/** One Kong that `run` writes to, with all that is known of it. */
export interface RunNode {
  readonly name: string;
  /** With a config for this Kong alone. */
  readonly io: CommandIo;
  readonly store: Store;
  readonly kong: KongClient;
  readonly events: EventLog;
  readonly failures: KongFailures;
  readonly queries: QueryPool;
  /** Known once this Kong has answered. */
  driver?: KongDriver;
  info?: KongInfo;
  follower?: Follower;
}

/** Follows Consul for one Kong until the signal is aborted. @throws when something else answers, or Kong refuses us */
export async function followNode(node: RunNode, parts: RunParts, dryRun: boolean): Promise<void> {
  const { io, store, kong } = node;
  const { consul, pool } = parts;
  const { config, signal } = io;
  const info = await awaitKong(node, signal);
  requireFleet(info, parts);
  const driver = createDriver(config, kong, info, { stays: true, onNews: (news) => parts.onNews(node, news) });
  node.driver = driver;
  node.info = info;
  io.log.info({ kong: kong.displayUrl, version: info.version, consul: consul.displayAddr, dryRun }, 'following Consul');

  const sources = new BindingSources(
    {
      kong,
      document: driver.document,
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
    driver,
    snapshots: pool,
    tag: tagOf(config),
    limits: guardLimits(config),
    unbindGraceMs: config.unbindGraceSeconds * 1000,
    policy: config.kong.policy,
    force: false,
    onChange: (change: Change, drift: boolean) => parts.onChange(node, change, drift),
  };
  const follower = new Follower(
    {
      context,
      dryRun,
      leadership: parts.leadership,
      pool: node.queries,
      sources,
      coalesceMs: config.coalesceMs,
      pollMs: config.kong.pollSeconds * 1000,
      resyncMs: config.resyncSeconds * 1000,
      ownerCheckMs: config.ownerCheckSeconds * 1000,
      startupHoldMs: config.startupHoldSeconds * 1000,
      kongAnswers: (asking) => answers(kong, asking),
      kongDisconnected: (asking) => kong.disconnected(asking),
      onSync: (what, problem) => parts.onSync(node, what, problem),
    },
    signal,
  );
  node.follower = follower;
  await Promise.all([follower.run(), followConfigFile(io, sources, () => follower.rereadBindings())]);
}

/** One that answered late may be of another kind than those that were asked before. */
function requireFleet(info: KongInfo, { nodes }: RunParts): void {
  if (nodes.length === 1 || info.database === 'off') return;
  throw new KongUnsupportedError(
    'this Kong has a database, and the others in kong.admin_url have none: it is left out; give it a kong-consul of its own',
  );
}

/** Waits for a Kong that is not there yet. */
async function awaitKong({ kong, io, failures }: RunNode, signal: AbortSignal): Promise<KongInfo> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const info = await readKongInfo(kong, signal);
      failures.note('start', undefined);
      return info;
    } catch (error) {
      signal.throwIfAborted();
      if (!isOutage(error)) throw error;
      failures.note('start', error.message);
      if (attempt % SAY_AGAIN_EVERY === 0)
        io.log.warn({ kong: kong.displayUrl, problem: error.message }, 'waiting for Kong');
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
