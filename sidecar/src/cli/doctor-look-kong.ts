import { compareText } from '../core/order.ts';
import type { KongClient } from '../kong/client.ts';
import { KongStatusError } from '../kong/errors.ts';
import type { KongInfo } from '../kong/info.ts';
import { type NodeSettings, readNodeSettings } from '../kong/node-settings.ts';
import { readTagged, type Tagged } from '../kong/tagged.ts';
import { messageOf } from '../net/message-of.ts';
import { examineDataPlanes } from './doctor-data-planes.ts';
import { checkAdminApi, checkDns, checkKong, checkOwnerTag, checkPlugin, checkSharedTags } from './doctor-kong.ts';
import { type Finding, failure } from './finding.ts';
import { kongTargets, nodeName } from './kong-targets.ts';
import { type CommandIo, openSession, type Session, tagOf } from './session.ts';

/** The check that tells whether a Kong answers, and which it is. */
const KONG = 'Kong';
/** Kinds of objects that we write. */
const OURS: ReadonlySet<string> = new Set(['upstreams', 'targets']);

/** What was seen of Kong. */
export interface KongView {
  readonly isUsable: boolean;
  readonly settings: NodeSettings | undefined;
  /** `byDns`: hosts that Kong asks DNS for; `bindings`: upstreams that the plugin binds. */
  findings(byDns: readonly string[], bindings: number): readonly Finding[];
}

/** Looks at Kong alone, at every node of a fleet. Rejects only with the signal's reason. */
export async function examineKong(io: CommandIo): Promise<KongView> {
  let nodes: readonly CommandIo[];
  try {
    nodes = await kongTargets(io);
  } catch (error) {
    io.signal.throwIfAborted();
    return unusable(error);
  }
  const views = await Promise.all(nodes.map(async (node) => ({ name: nodeName(node), view: await examineNode(node) })));
  const shown = views.find(({ view }) => view.isUsable) ?? views[0];
  if (shown === undefined) throw new Error('no Kong to look at');
  const others = views.filter((each) => each !== shown);
  if (others.length === 0) return shown.view;
  return {
    isUsable: shown.view.isUsable,
    settings: shown.view.settings,
    findings: (byDns, bindings) => [
      ...shown.view
        .findings(byDns, bindings)
        .map((finding) => (finding.check === KONG ? named(finding, shown.name) : finding)),
      ...others.flatMap(({ name, view }) => ofAnother(view.findings(byDns, bindings), name)),
    ],
  };
}

/** Of the other nodes of a fleet it is told that they answer, and what is not as it should be. */
function ofAnother(findings: readonly Finding[], node: string): readonly Finding[] {
  return findings.filter(({ check, level }) => check === KONG || level !== 'ok').map((finding) => named(finding, node));
}

function named(finding: Finding, node: string): Finding {
  return { ...finding, check: `${finding.check} ${node}` };
}

function unusable(error: unknown): KongView {
  const finding = failure(KONG, messageOf(error), ...mendOf(error));
  return { isUsable: false, settings: undefined, findings: () => [finding] };
}

/** Seen on 3.9.1: with its database away, a Kong answers 500 to everything. */
function mendOf(error: unknown): readonly string[] {
  if (error instanceof KongStatusError && error.status >= 500)
    return ['where Kong runs, for its database may be away, and its error log tells more:', 'kong migrations list'];
  return ['check:', 'kong.admin_url (--kong-admin-url, KONG_ADMIN_URL)'];
}

async function examineNode(io: CommandIo): Promise<KongView> {
  let session: Session;
  try {
    session = await openSession(io.config, io.signal);
  } catch (error) {
    io.signal.throwIfAborted();
    return unusable(error);
  }
  try {
    const settings = await readNodeSettings(session.kong, io.signal);
    const more = [...(await examineTags(session, io)), ...(await examineDataPlanes(session, io.config, io.signal))];
    return { isUsable: true, settings, findings: viewFindings(session.info, settings, more, io) };
  } catch (error) {
    io.signal.throwIfAborted();
    return { isUsable: true, settings: undefined, findings: () => [failure(KONG, messageOf(error))] };
  } finally {
    session.close();
  }
}

function viewFindings(
  info: KongInfo,
  settings: NodeSettings | undefined,
  more: readonly Finding[],
  { config }: CommandIo,
): KongView['findings'] {
  return (byDns, bindings) => [
    checkKong(info),
    ...(config.sources.plugin ? [checkPlugin(info, settings, bindings)] : []),
    ...(settings === undefined ? [] : [checkAdminApi(settings), checkDns(settings, byDns)]),
    ...more,
  ];
}

async function examineTags({ kong, driver }: Session, { config, signal }: CommandIo): Promise<readonly Finding[]> {
  const tag = tagOf(config);
  const [tagged, states] = await Promise.all([readOwnerTag(kong, tag, signal), driver.readStates(new Set(), signal)]);
  const foreign = new Map<string, number>();
  for (const { kind } of tagged ?? []) if (!OURS.has(kind)) foreign.set(kind, (foreign.get(kind) ?? 0) + 1);
  const shared = new Map<string, readonly string[]>();
  for (const [upstream, { current }] of [...states].sort(([a], [b]) => compareText(a, b))) {
    const others = current?.tags.includes(tag) === true ? current.tags.filter((one) => one !== tag) : [];
    if (others.length > 0) shared.set(upstream, others);
  }
  return [
    ...(tagged === undefined ? [] : [checkOwnerTag(tag, foreign)]),
    ...checkSharedTags(shared, { tag, url: kong.displayUrl }),
  ];
}

/** Undefined where the Admin API has no list of tags (Konnect). */
async function readOwnerTag(
  kong: KongClient,
  tag: string,
  signal: AbortSignal,
): Promise<readonly Tagged[] | undefined> {
  try {
    return await readTagged(kong, tag, signal);
  } catch (error) {
    if (error instanceof KongStatusError) return undefined;
    throw error;
  }
}
