import { isDisputed } from '../core/node-health.ts';
import { agoText, durationText } from './duration.ts';
import { instanceText } from './explain-instance.ts';
import { type Colour, labelled, type Paint, painter, plain } from './paint.ts';
import type { Trail, TrailTarget, TrailVerdict } from './trail.ts';

export interface ExplainView {
  /** What was asked for. */
  readonly name: string;
  readonly nowMs: number;
  readonly columns: number;
  readonly colour: boolean;
}

const STATES: Readonly<Record<string, { readonly colour: Colour; readonly text: string }>> = {
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
  const state = STATES[trail.state] ?? { colour: 'doubt', text: trail.state };
  const facts = factsOf(trail, view, paint);
  const width = Math.max(...facts.map(([label]) => label.length)) + 2;
  return [
    `${paint('strong', plain(trail.upstream))}  ${paint(state.colour, state.text)}\n`,
    ...facts.map(([label, text]) => labelled(`  ${label.padEnd(width)}`, text, view.columns)),
    ...instances(trail, view, paint),
    ...strays(trail, view, paint),
  ].join('');
}

type Fact = readonly [label: string, text: string];

function factsOf(trail: Trail, view: ExplainView, paint: Paint): readonly Fact[] {
  return [
    ['traffic', trafficText(trail, paint)],
    ['bound by', trail.sources.map(plain).join(' and ') || 'nothing'],
    ['Consul', consulText(trail, view.nowMs)],
    ['Kong', kongText(trail)],
    ...(trail.problem === null ? [] : [['problem', paint('bad', plain(trail.problem))] as const]),
    ...(trail.hold === null ? [] : [['held', paint('doubt', holdText(trail.hold, view.nowMs))] as const]),
    ...trail.notes.map((note) => ['note', plain(note)] as const),
    ...nextRun(trail),
  ];
}

function trafficText({ verdicts, in_use: inUse, kong_targets: targets }: Trail, paint: Paint): string {
  const count = (gets: TrailVerdict['traffic']['gets']) => verdicts.filter((one) => one.traffic.gets === gets).length;
  const [yes, unknown] = [count('yes'), count('unknown')];
  const unused = inUse ? '' : paint('doubt', '; but no Kong Service has this host, so nothing is sent to it');
  if (verdicts.length === 0)
    return targets.length === 0 ? `no instance and no target${unused}` : `${targets.length} targets stay${unused}`;
  if (unknown > 0) return `${yes + unknown} of ${verdicts.length} instances can get traffic${unused}`;
  const colour = yes === verdicts.length ? 'good' : yes === 0 ? 'bad' : 'doubt';
  return `${paint(colour, `${yes} of ${verdicts.length} instances ${yes === 1 ? 'gets' : 'get'} traffic`)}${unused}`;
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
  return `holds ${targets.length} ${targets.length === 1 ? 'target' : 'targets'}: ${[...words].map(([word, many]) => `${many} ${word}`).join(', ')}`;
}

function holdText({ why, until, removals, reason }: NonNullable<Trail['hold']>, nowMs: number): string {
  const left = until === null ? undefined : Date.parse(until) - nowMs;
  const end =
    until === null || left === undefined
      ? ''
      : `; until ${until.slice(11, 19)} UTC, in ${durationText(left)}, then done if Consul still says so`;
  const now = reason === 'fleet_limit' || reason === 'empty_grace' ? '. At once: kong-consul reconcile --force' : '';
  return `${removals} ${removals === 1 ? 'removal' : 'removals'}: ${plain(why)}${end}${now}`;
}

function nextRun({ changes }: Trail): readonly Fact[] {
  if (changes.length === 0) return [['next run', 'writes nothing']];
  return changes.map(({ text }, at) => [at === 0 ? 'next run' : '', plain(text)] as const);
}

function instances(trail: Trail, view: ExplainView, paint: Paint): readonly string[] {
  const asked = trail.verdicts.filter(
    ({ instance, target }) => target === view.name || instance === view.name || instance.endsWith(`/${view.name}`),
  );
  const shown = [...(asked.length > 0 ? asked : trail.verdicts)].sort((a, b) => rank(a) - rank(b));
  const targets = new Map(trail.kong_targets.map((target) => [target.target, target]));
  const isFull = shown.length <= IN_FULL;
  const blocks = shown.map((verdict) => {
    const target = verdict.target === null ? undefined : targets.get(verdict.target);
    return instanceText(verdict, target, { isFull, columns: view.columns, paint });
  });
  const others = trail.verdicts.length - shown.length;
  const rest = others === 0 ? [] : [`\n  ${others} more: kong-consul explain ${plain(trail.upstream)}\n`];
  return [...blocks, ...rest];
}

/** Who gets nothing comes first, then who should get nothing. */
function rank({ traffic }: TrailVerdict): number {
  if (traffic.gets === 'no') return 0;
  return traffic.gets === 'yes' && traffic.decided_by !== 'kong-consul' ? 2 : 1;
}

/** Targets that Kong holds and that are no instance of Consul. */
function strays({ verdicts, kong_targets: targets }: Trail, view: ExplainView, paint: Paint): readonly string[] {
  const known = new Set(verdicts.map(({ target }) => target));
  const left = targets.filter(({ target }) => !known.has(target));
  return left.map((target) => `\n${labelled('  ', strayText(target, paint), view.columns)}`);
}

function strayText({ target, weight, owned, health }: TrailTarget, paint: Paint): string {
  const whose = owned ? 'Consul knows no such instance (any more)' : 'not ours: it is left alone';
  return `${paint('doubt', 'only in Kong')}  ${plain(target)}, weight ${weight}, Kong says ${plain(health ?? 'nothing')}: ${whose}`;
}
