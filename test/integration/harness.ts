import { setMaxListeners } from 'node:events';
import { parseBindingBlock } from '../../sidecar/src/config/binding-block.ts';
import { ConsulClient } from '../../sidecar/src/consul/client.ts';
import { fixedToken } from '../../sidecar/src/consul/credentials.ts';
import { PollWait } from '../../sidecar/src/consul/poll-wait.ts';
import type { ReadFailure } from '../../sidecar/src/consul/snapshot.ts';
import { WatchPool } from '../../sidecar/src/consul/watch-pool.ts';
import { ownerTag } from '../../sidecar/src/core/ownership.ts';
import type { FileEntry } from '../../sidecar/src/core/resolve-bindings.ts';
import { KongClient, type KongConnection } from '../../sidecar/src/kong/client.ts';
import { DatabaseDriver } from '../../sidecar/src/kong/database-driver.ts';
import { BaseFile } from '../../sidecar/src/kong/declarative/base-file.ts';
import { DeclarativeDriver } from '../../sidecar/src/kong/declarative/declarative-driver.ts';
import type { DeclarativeNews, NewsListener } from '../../sidecar/src/kong/declarative/news.ts';
import type { KongDriver } from '../../sidecar/src/kong/driver.ts';
import { readKongInfo } from '../../sidecar/src/kong/info.ts';
import { lostWrite } from '../../sidecar/src/kong/lost-write.ts';
import { BindingSources } from '../../sidecar/src/reconcile/binding-sources.ts';
import { Follower } from '../../sidecar/src/reconcile/follow.ts';
import { soleWriter } from '../../sidecar/src/reconcile/leadership.ts';
import { Store } from '../../sidecar/src/reconcile/store.ts';
import type { KongDouble } from '../kong-double/kong-double.ts';

export interface HarnessOptions {
  /** Upstream to binding block. */
  readonly upstreams: Readonly<Record<string, unknown>>;
  readonly waitMs?: number;
  readonly maxConnections?: number;
  readonly roundMs?: number;
  readonly emptyGraceMs?: number;
  readonly startupHoldMs?: number;
  readonly kong?: Partial<KongConnection>;
  readonly policy?: 'sync' | 'upsert_only';
  readonly dryRun?: boolean;
  readonly owner?: string;
  /** Of a Kong without a database: the user's file, if he has one. */
  readonly declarative?: { readonly file?: string; readonly debounceMs?: number };
}

/** The whole line in this process, over real HTTP, with what it saw. */
export interface Harness {
  readonly store: Store;
  readonly pool: WatchPool;
  readonly isReady: () => boolean;
  readonly failures: readonly ReadFailure[];
  /** What happened to a Kong without a database. */
  readonly news: readonly DeclarativeNews[];
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;

export function startHarness(consulUrl: string, kong: KongDouble, options: HarnessOptions): Harness {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const tag = ownerTag(options.owner ?? 'test');
  const failures: ReadFailure[] = [];
  const store = new Store(tag, () => {});
  const consul = new ConsulClient(
    { addr: consulUrl, verify: true, maxBodyBytes: 10_000_000 },
    fixedToken('secret-token'),
  );
  const connection = {
    ...{ adminUrl: kong.adminUrl, headers: {}, verify: true, timeoutMs: 2_000, concurrency: 8, writesPerSecond: 200 },
    ...options.kong,
  };
  const client = new KongClient(connection, (request) => {
    const lost = lostWrite(request);
    if (lost !== undefined) follower?.writeLost(lost);
  });
  const news: DeclarativeNews[] = [];
  const driver = createDriver(client, options, (each) => news.push(each));
  let follower: Follower | undefined;
  const pool = new WatchPool(
    {
      client: consul,
      wait: new PollWait({
        fixedMs: options.waitMs,
        ...(options.roundMs !== undefined && { roundMs: options.roundMs }),
      }),
      maxStaleMs: 10_000,
      maxConnections: options.maxConnections ?? 150,
      listener: {
        onChange: (key) => follower?.serviceChanged(key),
        onFailure: (_key, _state, failure) => failures.push(failure),
        onRecovery: () => {},
        onFeedFailure: (_state, failure) => failures.push(failure),
        onFeedRecovery: () => {},
      },
    },
    stop.signal,
  );
  const sources = new BindingSources(
    {
      kong: client,
      document: driver.document,
      consul,
      withPlugins: true,
      parseBlock: (config) => parseBindingBlock(config, 'plugin'),
      maxStaleMs: 10_000,
      isOurs: (upstream) => store.ownsUpstream(upstream),
    },
    entriesOf(options.upstreams),
  );
  const context = {
    store,
    driver,
    snapshots: pool,
    tag,
    limits: { emptyGraceMs: options.emptyGraceMs ?? 30_000, maxRemovePercent: 50, holdMs: 300_000, fleetFloor: 10 },
    unbindGraceMs: 30_000,
    policy: options.policy ?? 'sync',
    force: false,
    onChange: () => {},
  } as const;
  follower = new Follower(
    {
      context,
      pool,
      sources,
      kongAnswers: (signal) =>
        readKongInfo(client, signal).then(
          () => true,
          () => false,
        ),
      kongDisconnected: (signal) => client.disconnected(signal),
      onSync: () => {},
      dryRun: options.dryRun ?? false,
      leadership: soleWriter,
      coalesceMs: 50,
      pollMs: HOUR_MS,
      resyncMs: HOUR_MS,
      ownerCheckMs: HOUR_MS,
      startupHoldMs: options.startupHoldMs ?? 60_000,
    },
    stop.signal,
  );
  const running = follower.run().catch(() => {});
  return {
    store,
    pool,
    isReady: () => follower?.isReady === true,
    failures,
    news,
    stop: async () => {
      stop.abort(new Error('test is over'));
      await running;
      await pool.ended();
      consul.close();
      client.close();
    },
  };
}

function createDriver(client: KongClient, options: HarnessOptions, onNews: NewsListener): KongDriver {
  const owner = options.owner ?? 'test';
  const { declarative } = options;
  if (declarative === undefined) return new DatabaseDriver(client, owner);
  return new DeclarativeDriver({
    client,
    owner,
    release: undefined,
    file: declarative.file === undefined ? undefined : new BaseFile(declarative.file, ownerTag(owner)),
    debounceMs: declarative.debounceMs ?? 100,
    toleratesBrokenFile: true,
    lookMs: 50,
    onNews,
  });
}

function entriesOf(upstreams: Readonly<Record<string, unknown>>): readonly FileEntry[] {
  return Object.entries(upstreams).map(([upstream, given], at) => {
    const parsed = parseBindingBlock(given, 'file');
    if (!parsed.ok) throw new Error(parsed.problems.join('; '));
    return { upstream, path: 'test.yml', line: at + 1, block: parsed.block };
  });
}
