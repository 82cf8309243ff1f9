import type { Change } from '../core/change.ts';
import type { KongDriver } from '../kong/driver.ts';
import { messageOf } from '../net/message-of.ts';
import { BindingSources } from '../reconcile/binding-sources.ts';
import { OneShotSnapshots } from '../reconcile/one-shot-snapshots.ts';
import type { PassContext } from '../reconcile/pass.ts';
import { type OnceResult, reconcileOnce } from '../reconcile/reconcile-once.ts';
import { Store } from '../reconcile/store.ts';
import { fileEntries, parsePluginConfig } from './binding-config.ts';
import { mergeResults, type NodeResult } from './fleet-result.ts';
import { kongTargets, nodeName } from './kong-targets.ts';
import { type CommandIo, guardLimits, openSession, type Session, tagOf } from './session.ts';

export interface OnceRequest {
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly only: readonly string[];
  readonly onChange?: (change: Change) => void;
}

/** One run of the whole line for `reconcile`, `diff`, `status`, `bindings` and `export`; `wrap` may stand before Kong. */
export async function runOnce(
  io: CommandIo,
  request: OnceRequest,
  wrap: (driver: KongDriver) => KongDriver = (driver) => driver,
): Promise<OnceResult> {
  const nodes = await kongTargets(io);
  const [only] = nodes;
  if (only !== undefined && nodes.length === 1) return await runOnNode(only, request, wrap);
  return mergeResults(
    await Promise.all(
      nodes.map(async (node): Promise<NodeResult> => {
        try {
          return { node: nodeName(node), result: await runOnNode(node, request, wrap) };
        } catch (error) {
          io.signal.throwIfAborted();
          return { node: nodeName(node), problem: messageOf(error) };
        }
      }),
    ),
  );
}

async function runOnNode(
  io: CommandIo,
  request: OnceRequest,
  wrap: (driver: KongDriver) => KongDriver,
): Promise<OnceResult> {
  const session = await openSession(io.config, io.signal);
  try {
    return await runOnceWith({ ...session, driver: wrap(session.driver) }, io, request);
  } finally {
    session.close();
  }
}

/** The same, with what is connected already. */
export async function runOnceWith(
  session: Pick<Session, 'consul' | 'kong' | 'driver'>,
  io: CommandIo,
  request: OnceRequest,
): Promise<OnceResult> {
  const { config, signal } = io;
  const tag = tagOf(config);
  const store = new Store(tag, () => {});
  const snapshots = new OneShotSnapshots(session.consul, config.consul.maxStaleMs);
  const sources = new BindingSources(
    {
      kong: session.kong,
      document: session.driver.document,
      consul: session.consul,
      withPlugins: config.sources.plugin,
      parseBlock: parsePluginConfig,
      maxStaleMs: config.consul.maxStaleMs,
      isOurs: (upstream) => store.ownsUpstream(upstream),
    },
    fileEntries(config),
  );
  const context: PassContext = {
    store,
    driver: session.driver,
    snapshots,
    tag,
    limits: guardLimits(config),
    unbindGraceMs: 0,
    policy: config.kong.policy,
    force: request.force,
    role: () => (request.dryRun ? 'observer' : 'writer'),
    allAnswered: () => snapshots.allAnswered(),
    doubt: () => undefined,
    onChange: (change) => request.onChange?.(change),
  };
  return await reconcileOnce({ sources, snapshots, context, only: new Set(request.only) }, signal);
}
