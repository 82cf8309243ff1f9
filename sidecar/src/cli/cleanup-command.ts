import type { Config } from '../config/config.ts';
import type { Plan } from '../core/change.ts';
import { describeChange } from '../core/describe.ts';
import { planDeletion } from '../core/plan.ts';
import type { UpstreamState } from '../kong/driver.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { kongTargets } from './kong-targets.ts';
import { plain } from './paint.ts';
import { type CommandIo, openSession, type Session, tagOf } from './session.ts';

/** Nothing here changes its mind. */
const ALONE = { onChange: () => {}, isOvertaken: () => false } as const;

/** `cleanup`: removes all owned objects of this owner, from each Kong of a fleet, after asking. */
export async function cleanupCommand(io: CommandIo, flags: { readonly yes: boolean }): Promise<ExitCode> {
  const { config, signal, print } = io;
  const nodes = await kongTargets(io);
  const sessions = await Promise.all(nodes.map((node) => openSession(node.config, signal)));
  try {
    const doomed = (await Promise.all(sessions.map((session) => plansFor(session, config, signal)))).flat();
    const names = new Set(doomed.map(({ plan }) => plan.upstream));
    if (names.size === 0) {
      print(`Nothing in Kong carries the tag ${tagOf(config)}.\n`);
      return EXIT.ok;
    }
    const lines = doomed.flatMap(({ plan }) =>
      plan.changes.map((change) => `${plain(`${plan.upstream}: ${describeChange(change)}`)}\n`),
    );
    for (const line of new Set(lines)) print(line);
    if (!flags.yes && !(await isAgreed(io, names.size))) return EXIT.error;
    await Promise.all(
      doomed.map(({ session, state, plan }) => session.driver.apply(plan.changes, state, signal, ALONE)),
    );
    print(`${names.size} upstreams cleaned up.\n`);
    return EXIT.ok;
  } finally {
    for (const session of sessions) session.close();
  }
}

interface Doomed {
  readonly session: Session;
  readonly state: UpstreamState;
  readonly plan: Plan;
}

async function plansFor(session: Session, config: Config, signal: AbortSignal): Promise<readonly Doomed[]> {
  const states = await session.driver.readStates(new Set(), signal);
  return [...states]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([upstream, state]) => ({ session, state, plan: planDeletion(upstream, state, tagOf(config), 'cleanup') }))
    .filter(({ plan }) => plan.changes.length > 0);
}

async function isAgreed(io: CommandIo, count: number): Promise<boolean> {
  if (io.ask === undefined) {
    io.log.error('cleanup asks before it deletes: run it in a terminal, or with --yes');
    return false;
  }
  const answer = await io.ask(`Delete what is listed, in ${count} upstreams? [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  io.print('Nothing was deleted.\n');
  return false;
}
