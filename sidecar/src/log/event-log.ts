import type { Logger } from 'pino';
import type { FeedState } from '../consul/critical-lookout.ts';
import type { ReadFailure } from '../consul/snapshot.ts';
import { assertNever } from '../core/assert-never.ts';
import { describeSource } from '../core/binding.ts';
import type { Change } from '../core/change.ts';
import type { DeclarativeNews } from '../kong/declarative/news.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { declarativeLine } from './declarative-line.ts';
import { instanceNews } from './instance-news.ts';

/** Of problems that name a port or an id there is no end. */
const MOST_ELECTION_PROBLEMS = 5;

/** One line for each thing that happened, none when nothing did. Data first, then a fixed sentence. */
export class EventLog {
  readonly #log: Logger;
  readonly #failed = new Set<string>();
  /** The reason of the hold that was told last, by upstream. */
  readonly #told = new Map<string, string>();
  #leader: string | undefined;
  /** What has failed since a leader was known. */
  readonly #electionProblems = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  change(change: Change, drift: boolean): void {
    const data = dataOf(change);
    if (drift) this.#log.warn(data, `${sentenceOf(change)}, for somebody else had changed it in Kong`);
    else this.#log.info(data, sentenceOf(change));
  }

  report(before: UpstreamReport | undefined, now: UpstreamReport | undefined, upstream: string): void {
    if (now === undefined) {
      this.#told.delete(upstream);
      this.#log.info({ upstream }, 'upstream is gone');
      return;
    }
    const isNews = before?.state !== now.state || before.hold?.reason !== now.hold?.reason;
    if (now.state === 'in_sync' || now.state === 'unbound') this.#told.delete(upstream);
    if (isNews) this.#state(before, now, upstream);
    else this.#log.debug({ upstream, state: now.state, targets: now.targets }, 'looked at: nothing new');
    for (const { level, data, sentence } of instanceNews(before, now))
      this.#log[level]({ upstream, ...data }, sentence);
  }

  /** What tells at once that a check turned critical, while watches take turns. */
  feedFailed({ scope, failures }: FeedState, failure: ReadFailure): void {
    const data = { ...scope, reason: failure.reason, problem: failure.why };
    if (failures > 1) this.#log.debug(data, 'critical checks still cannot be read');
    else this.#log.warn(data, 'critical checks cannot be read: one that turns critical may take 10 s to be seen');
  }

  feedRecovered({ scope }: FeedState): void {
    this.#log.info({ ...scope }, 'critical checks can be read again: they are seen at once');
  }

  sync(what: string, problem: string | undefined): void {
    if (problem === undefined) {
      if (this.#failed.delete(what)) this.#log.info({ what }, 'Kong can be read again');
      else this.#log.debug({ what }, 'Kong was read');
      return;
    }
    if (this.#failed.has(what)) this.#log.debug({ what, problem }, 'Kong still cannot be read');
    else this.#log.warn({ what, problem }, 'Kong cannot be read: trying again');
    this.#failed.add(what);
  }

  /** Of a Kong without a database; `kong` names it. */
  declarative(news: DeclarativeNews): void {
    const { level, data, sentence } = declarativeLine(news);
    this.#log[level](data, sentence);
  }

  leads(): void {
    this.#electionProblems.clear();
    this.#leader = undefined;
    this.#log.info('this sidecar leads: it writes to Kong from now on');
  }

  leadsNoLonger(reason: string): void {
    this.#log.warn({ reason }, 'this sidecar does not lead any more: it writes nothing');
  }

  leader(holder: string | undefined): void {
    this.#electionProblems.clear();
    if (holder === this.#leader) return;
    this.#leader = holder;
    this.#log.info({ leader: holder }, 'another sidecar leads: this one stands by');
  }

  electionFailed(problem: string): void {
    const isOld = this.#electionProblems.has(problem) || this.#electionProblems.size >= MOST_ELECTION_PROBLEMS;
    if (isOld) {
      this.#log.debug({ problem }, 'the election still fails');
      return;
    }
    this.#electionProblems.add(problem);
    this.#log.warn({ problem }, 'the election fails: without a leader nothing is written');
  }

  #state(before: UpstreamReport | undefined, now: UpstreamReport, upstream: string): void {
    const sources = now.sources.map(describeSource);
    switch (now.state) {
      case 'held':
        this.#held(now, upstream);
        return;
      case 'error':
        this.#log.error({ upstream, problem: now.problem }, 'Kong did not take the plan');
        return;
      case 'conflict':
        this.#log.error({ upstream, sources }, 'bindings disagree: nothing is written for this upstream');
        return;
      case 'frozen':
        this.#log.error(
          { upstream, sources, problem: now.problem },
          'a binding cannot be read: the upstream stays as it is',
        );
        return;
      case 'unbound':
        this.#log.info({ upstream, problem: now.problem }, 'nothing binds the upstream any more');
        return;
      case 'in_sync':
        if (before?.state === 'held' || before?.state === 'error') this.#log.info({ upstream }, 'in sync again');
        return;
      case 'pending':
      case 'waiting':
        return;
      default:
        assertNever(now.state);
    }
  }

  #held(now: UpstreamReport, upstream: string): void {
    const { hold } = now;
    // A confirming read comes between at each resync.
    if (hold === undefined || hold.reason === 'confirm' || this.#told.get(upstream) === hold.reason) return;
    this.#told.set(upstream, hold.reason);
    const until = hold.untilMs === undefined ? undefined : new Date(hold.untilMs).toISOString();
    const data = { upstream, reason: hold.reason, why: hold.why, removals: hold.changes.length, until };
    if (hold.reason === 'fleet_limit') this.#log.error(data, 'removals held: apply them now with --force');
    else this.#log.warn(data, 'removals held');
  }
}

/** What identifies the change and why it is made, without whole bodies. */
function dataOf(change: Change): Readonly<Record<string, unknown>> {
  switch (change.kind) {
    case 'create-upstream':
    case 'publish-upstream':
      return { upstream: change.upstream };
    case 'update-upstream':
      return { upstream: change.upstream, fields: change.fields };
    default: {
      const { kind: _, ...data } = change;
      return data;
    }
  }
}

function sentenceOf(change: Change): string {
  switch (change.kind) {
    case 'create-upstream':
      return change.staged ? 'upstream created under a staging name' : 'upstream created';
    case 'update-upstream':
      return 'upstream changed';
    case 'publish-upstream':
      return 'upstream takes over its host';
    case 'add-target':
      return 'target added';
    case 'set-weight':
      return 'target weight changed';
    case 'adopt-target':
      return 'target adopted';
    case 'remove-target':
      return 'target removed';
    case 'delete-upstream':
      return 'upstream deleted';
    default:
      return assertNever(change);
  }
}
