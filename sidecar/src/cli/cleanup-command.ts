import { describeChange } from '../core/describe.ts';
import { planDeletion } from '../core/plan.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type CommandIo, openSession, tagOf } from './session.ts';

/** Nothing here changes its mind. */
const ALONE = { onChange: () => {}, isOvertaken: () => false } as const;

/** `cleanup`: removes all owned objects of this owner, after asking. */
export async function cleanupCommand(io: CommandIo, flags: { readonly yes: boolean }): Promise<ExitCode> {
  const { config, signal, print } = io;
  const session = await openSession(config, signal);
  try {
    const states = await session.driver.readStates(new Set(), signal);
    const plans = [...states]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([upstream, state]) => ({ state, plan: planDeletion(upstream, state, tagOf(config), 'cleanup') }))
      .filter(({ plan }) => plan.changes.length > 0);
    if (plans.length === 0) {
      print(`Nothing in Kong carries the tag ${tagOf(config)}.\n`);
      return EXIT.ok;
    }
    for (const { plan } of plans)
      for (const change of plan.changes) print(`${plan.upstream}: ${describeChange(change)}\n`);
    if (!flags.yes && !(await isAgreed(io, plans.length))) return EXIT.error;
    await Promise.all(plans.map(({ state, plan }) => session.driver.apply(plan.changes, state, signal, ALONE)));
    print(`${plans.length} upstreams cleaned up.\n`);
    return EXIT.ok;
  } finally {
    session.close();
  }
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
