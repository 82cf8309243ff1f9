import { isDisputed } from '../core/node-health.ts';
import { agoText, durationText } from './duration.ts';
import { instanceText } from './explain-instance.ts';
import { isNamed } from './named.ts';
import { type Colour, labelled, type Paint, painter, plain } from './paint.ts';
import type { Trail, TrailTarget, TrailVerdict } from './trail.ts';

export interface ExplainView {
  /** What was asked for. */
  readonly name: string;
  readonly nowMs: number;
  readonly columns: number;
  readonly colour: boolean;
}

interface State {
  readonly colour: Colour;
  readonly text: string;
}

const STATES: Readonly<Record<string, State>> = {
  in_sync: { colour: 'good', text: 'in sync: Kong holds what Consul says' },
  pending: { colour: 'doubt', text: 'pending: the next run writes changes' },
  held: { colour: 'doubt', text: 'held: removals wait' },
  waiting: { colour: 'bad', text: 'waiting: Consul gave no answer that can be trusted; Kong keeps its targets' },
  error: { colour: 'bad', text: 'error: Kong did not take the plan' },
  conflict: { colour: 'bad', text: 'conflict: two bindings disagree, nothing is written' },
  frozen: { colour: 'bad', text: 'frozen: the binding cannot be read, nothing is written' },
  unbound: { colour: 'doubt', text: 'unbound: nothing binds it any more' },
};
/** Of more instances than this the checks of the healthy ones are left out. */
const IN_FULL = 10;

/** The whole trail of one upstream: who decides what, from Consul to Kong. */
export function explainText(trail: Trail, view: ExplainView): string {
  const paint = painter(view.colour);
  const state = stateOf(trail);
  const facts = factsOf(trail, view, paint);
  const width = Math.max(...facts.map(([label]) => label.length)) + 2;
  const summary = [
    `${paint('strong', plain(trail.upstream))}  ${paint(state.colour, state.text)}\n`,
    ...facts.map(([label, text]) => labelled(`  ${label.padEnd(width)}`, text, view.columns)),
  ];
  const asked = trail.verdicts.filter((verdict) => isNamed(verdict, view.name));
  const left = strayTargets(trail);
  const askedLeft = left.filter(({ target }) => target === view.name);
  const others = trail.verdicts.length + left.length - asked.length - askedLeft.length;
  // Who asks for one of several gets the answer first.
  if (others > 0 && asked.length + askedLeft.length > 0) {
    const answer = [...instances(trail, asked, view, paint), ...strays(trail, askedLeft, view, paint)];
    return [...answer, '\n', ...summary, moreText(trail, others)].join('').trimStart();
  }
  return [...summary, ...instances(trail, trail.verdicts, view, paint), ...strays(trail, left, view, paint)].join('');
}

/** Its state in a line. Kong may hold all that it should, and still there is something to say. */
function stateOf({ state, consul_failing: isFailing, instances: counts, kong_targets: targets }: Trail): State {
  const usual = STATES[state] ?? { colour: 'doubt', text: state };
  if (state === 'in_sync' && isFailing)
    return { colour: 'bad', text: 'Consul cannot be read: Kong keeps the targets of the last answer' };
  if (state !== 'in_sync' || counts === null || counts.healthy > 0) return usual;
  if (counts.registered === 0) return { colour: 'bad', text: 'empty: Consul knows no instance' };
  const stay = targets.length === 0 ? 'there is no target' : 'all of them stay targets';
  return { colour: 'bad', text: `no instance is healthy: ${stay}` };
}

function moreText({ upstream }: Trail, others: number): string {
  return `\n  ${others} more: kong-consul explain ${plain(upstream)}\n`;
}

const READ_AGAIN = 'kong-consul doctor says what Consul wants. Restarting kong-consul is safe, and does not help';

type Fact = readonly [label: string, text: string];

function factsOf(trail: Trail, view: ExplainView, paint: Paint): readonly Fact[] {
  return [
    ['traffic', trafficText(trail, paint)],
    ['bound by', trail.sources.map(plain).join(' and ') || 'nothing'],
    ['Consul', consulText(trail, view.nowMs)],
    ['Kong', kongText(trail)],
    ...(trail.problem === null ? [] : [['problem', paint('bad', plain(trail.problem))] as const]),
    ...(trail.consul_failing || trail.state === 'waiting' ? [['to do', READ_AGAIN] as const] : []),
    ...(trail.hold === null ? [] : [['held', paint('doubt', holdText(trail.hold, view.nowMs))] as const]),
    ...trail.notes.map((note) => ['note', plain(note)] as const),
    ...nextRun(trail),
  ];
}

function trafficText(trail: Trail, paint: Paint): string {
  const { verdicts, in_use: inUse } = trail;
  const count = (gets: TrailVerdict['traffic']['gets']) => verdicts.filter((one) => one.traffic.gets === gets).length;
  const [yes, unknown] = [count('yes'), count('unknown')];
  const unused = inUse ? '' : paint('doubt', '; but no Kong Service has this host, so nothing is sent to it');
  const left = strayTargets(trail).length;
  if (verdicts.length === 0)
    return left === 0 ? `no instance and no target${unused}` : `${staying(left)} in Kong${unused}`;
  const also = left === 0 ? '' : `; ${staying(left, ' of no instance')} in Kong`;
  const rest = `${also}${answers503(trail) ? `; requests get 503 from Kong` : ''}${unused}`;
  if (unknown > 0) return `${yes + unknown} of ${verdicts.length} instances can get traffic${rest}`;
  const colour = yes === verdicts.length ? 'good' : yes === 0 ? 'bad' : 'doubt';
  return `${paint(colour, `${yes} of ${verdicts.length} instances ${yes === 1 ? 'gets' : 'get'} traffic`)}${rest}`;
}

function consulText({ query, options, instances: counts, last_answer: last }: Trail, nowMs: number): string {
  if (query === null) return '-';
  const { service, ...narrowed } = query;
  const parts = Object.entries(narrowed).flatMap(([key, value]) =>
    value === undefined || value.length === 0 ? [] : [`${key} ${[value].flat().join(', ')}`],
  );
  const rules = Object.entries(options ?? {}).flatMap(([key, value]) =>
    value === null || value === false || value === 0 || (key === 'on_no_healthy' && value === 'keep')
      ? []
      : [`${key} ${String(value)}`],
  );
  const answer = last === null ? 'no trusted answer yet' : `trusted answer ${agoText(Date.parse(last), nowMs)}`;
  const sums =
    counts === null
      ? ''
      : `: ${counts.registered} registered, ${counts.healthy} healthy${counts.maintenance === 0 ? '' : `, ${counts.maintenance} in maintenance`}`;
  return `${[`service ${plain(service)}`, ...parts.map(plain), ...rules.map(plain)].join(', ')}; ${answer}${sums}`;
}

/** Kong's words for the health of a target, and what they mean. */
const HEALTH: Readonly<Record<string, string>> = {
  HEALTHY: 'HEALTHY',
  UNHEALTHY: "UNHEALTHY by Kong's own checks",
  DNS_ERROR: 'DNS_ERROR (Kong cannot resolve them)',
  HEALTHCHECKS_OFF: 'HEALTHCHECKS_OFF (Kong does not check them itself)',
};

function kongText({ kong_targets: targets }: Trail): string {
  if (targets.length === 0) return 'holds no target of it';
  const words = new Map<string, number>();
  for (const { health } of targets) {
    const unusual = isDisputed(health ?? '')
      ? 'on which its nodes differ'
      : 'of a health that Kong does not tell (yet)';
    const word = HEALTH[health ?? ''] ?? unusual;
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  return `holds ${countOf(targets.length, 'target')}: ${[...words].map(([word, many]) => `${many} ${word}`).join(', ')}`;
}

function holdText({ why, until, removals, ends, force }: NonNullable<Trail['hold']>, nowMs: number): string {
  const end =
    until === null
      ? `held ${ends}`
      : `removed at ${until.slice(11, 19)} UTC, in ${durationText(Date.parse(until) - nowMs)}, ${ends}`;
  const now = force ? '. At once: kong-consul reconcile --force' : '';
  return `${countOf(removals, 'removal')}: ${plain(why)}; ${end}${now}`;
}

/** Kong has no target left to send a request to. */
function answers503({ kong_targets: targets }: Trail): boolean {
  const isOut = ({ health, weight }: TrailTarget) => weight === 0 || health === 'UNHEALTHY' || health === 'DNS_ERROR';
  return targets.length > 0 && targets.every(isOut);
}

function staying(many: number, what = ''): string {
  return `${countOf(many, 'target')}${what} ${many === 1 ? 'stays' : 'stay'}`;
}

function countOf(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}

function nextRun({ changes }: Trail): readonly Fact[] {
  const now = changes.filter(({ held }) => !held);
  const later = changes.filter(({ held }) => held);
  return [
    ...(now.length === 0 ? [['next run', 'writes nothing'] as const] : listed('next run', now)),
    ...listed('then', later),
  ];
}

function listed(label: string, changes: Trail['changes']): readonly Fact[] {
  return changes.map(({ text }, at) => [at === 0 ? label : '', plain(text)] as const);
}

function instances(trail: Trail, wanted: readonly TrailVerdict[], view: ExplainView, paint: Paint): readonly string[] {
  const shown = [...wanted].sort((a, b) => rank(a) - rank(b));
  const targets = new Map(trail.kong_targets.map((target) => [target.target, target]));
  const isFull = shown.length <= IN_FULL;
  return shown.map((verdict) => {
    const target = verdict.target === null ? undefined : targets.get(verdict.target);
    return instanceText(verdict, target, { isFull, columns: view.columns, paint });
  });
}

/** Who gets nothing comes first, then who should get nothing. */
function rank({ traffic }: TrailVerdict): number {
  if (traffic.gets === 'no') return 0;
  return traffic.gets === 'yes' && traffic.decided_by !== 'kong-consul' ? 2 : 1;
}

/** Targets that Kong holds and that are no instance of Consul. */
function strays(trail: Trail, wanted: readonly TrailTarget[], view: ExplainView, paint: Paint): readonly string[] {
  return wanted.map((target) => `\n${labelled('  ', strayText(target, trail, paint), view.columns)}`);
}

function strayTargets({ verdicts, kong_targets: targets }: Trail): readonly TrailTarget[] {
  const known = new Set(verdicts.map(({ target }) => target));
  return targets.filter(({ target }) => !known.has(target));
}

function strayText({ target, weight, owned, health }: TrailTarget, { state }: Trail, paint: Paint): string {
  const ours =
    state === 'waiting' ? 'it stays as long as Consul cannot be read' : 'Consul knows no such instance (any more)';
  const whose = owned ? ours : 'not ours: it is left alone';
  return `${paint('doubt', 'only in Kong')}  ${plain(target)}, weight ${weight}, Kong says ${plain(health ?? 'nothing')}: ${whose}`;
}
