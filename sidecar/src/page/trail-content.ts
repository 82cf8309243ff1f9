import type { ApiChange, ApiCheck, ApiInstance, ApiTarget, ApiTrail } from '../serve/api.ts';
import { relativeTime } from './clock.ts';
import { element } from './dom.ts';
import { entryOf } from './timeline.ts';
import { capital, count, RANKS, stateWord, type Tone, toneOf } from './words.ts';

type Part = Node | string;

/** All of a trail, from what binds the upstream to what Kong does with each instance. */
export function trailContent(trail: ApiTrail, changes: readonly ApiChange[]): readonly Node[] {
  const summary = { ...trail, pending: trail.changes.filter(({ held }) => !held).length };
  return [
    element(
      'p',
      { class: 'verdict', data: { tone: toneOf(summary) } },
      element('b', {}, stateWord(summary)),
      ...verdictOf(trail),
    ),
    ...trail.notes.map((note) => element('p', { class: 'note' }, note)),
    factList(trail),
    ...section('Instances in Consul', instances(trail)),
    ...section('Other targets in Kong', strangers(trail)),
    ...section(
      'Changes written',
      changes.length === 0
        ? []
        : [element('ol', { class: 'timeline' }, ...changes.map((change) => entryOf(change, true)))],
    ),
  ];
}

function verdictOf({ hold, problem, remark }: ApiTrail): readonly Part[] {
  if (hold === null || problem !== null) return remark === '' ? [] : [`: ${remark}`];
  const end = hold.until === null ? [` Held ${hold.ends}.`] : [' Removed ', relativeTime(hold.until), ` ${hold.ends}.`];
  return [
    `: ${count(hold.removals, 'removal')}. ${capital(hold.why)}.`,
    ...end,
    ...(hold.force ? [' At once: ', element('code', {}, 'kong-consul reconcile --force')] : []),
  ];
}

function factList(trail: ApiTrail): Node {
  const { query, instances: counts, last_answer: answer } = trail;
  const facts: readonly (readonly [string, ...Part[]])[] = [
    ['Bound by', trail.sources.join(' and ') || 'nothing'],
    ['Consul', query === null ? 'not asked' : queryText(query)],
    ['Last answer', ...(answer === null ? ['none that can be trusted'] : ['trusted, ', relativeTime(answer)])],
    ...(trail.consul_failing ? ([['Now', 'Consul cannot be read: targets stay as they are']] as const) : []),
    ...(counts === null ? [] : ([['Instances', countsText(counts)]] as const)),
    ['In Kong', `${inKong(trail)}${trail.in_use ? '' : '; no Kong Service sends traffic here'}`],
    ['Next run', ...nextRun(trail)],
    ...(trail.changes.some((change) => change.held) ? ([['Held', ...held(trail)]] as const) : []),
  ];
  return element(
    'dl',
    { class: 'trail-facts' },
    ...facts.map(([name, ...value]) => element('div', {}, element('dt', {}, name), element('dd', {}, ...value))),
  );
}

/** `3 targets: 2 HEALTHY, 1 UNHEALTHY`. */
function inKong({ targets, kong_targets: all }: ApiTrail): string {
  const words = new Map<string, number>();
  for (const { health } of all) words.set(health ?? '', (words.get(health ?? '') ?? 0) + 1);
  const told = [...words].map(([word, many]) => `${many} ${word === '' ? 'of a health that is not known' : word}`);
  return `${count(targets, 'target')}${told.length === 0 ? '' : `: ${told.join(', ')}`}`;
}

function countsText({ registered, healthy, maintenance }: NonNullable<ApiTrail['instances']>): string {
  return `${registered} registered, ${healthy} healthy${maintenance === 0 ? '' : `, ${maintenance} in maintenance`}`;
}

function nextRun({ changes }: ApiTrail): readonly Part[] {
  const now = changes.filter(({ held }) => !held);
  if (now.length === 0) return ['would write nothing'];
  return [element('ul', {}, ...now.map(({ text }) => element('li', {}, text)))];
}

function held({ changes }: ApiTrail): readonly Part[] {
  const later = changes.filter((change) => change.held);
  return [element('ul', {}, ...later.map(({ text }) => element('li', {}, text)))];
}

function queryText({
  service,
  tags,
  filter,
  datacenter,
  namespace,
  partition,
}: NonNullable<ApiTrail['query']>): string {
  const parts = [
    `service ${service}`,
    ...(tags.length === 0 ? [] : [`tags ${tags.join(', ')}`]),
    ...(filter === undefined ? [] : [`filter ${filter}`]),
    ...(datacenter === undefined ? [] : [`datacenter ${datacenter}`]),
    ...(namespace === undefined ? [] : [`namespace ${namespace}`]),
    ...(partition === undefined ? [] : [`partition ${partition}`]),
  ];
  return parts.join(', ');
}

function instances({ verdicts, kong_targets: targets }: ApiTrail): readonly Node[] {
  const byTarget = new Map(targets.map((target) => [target.target, target]));
  const worstFirst = [...verdicts].sort((a, b) => RANKS[toneOfInstance(a)] - RANKS[toneOfInstance(b)]);
  return verdicts.length === 0
    ? []
    : [element('ul', { class: 'instances' }, ...worstFirst.map((verdict) => instance(verdict, byTarget)))];
}

function instance(verdict: ApiInstance, targets: ReadonlyMap<string, ApiTarget>): Node {
  const { target, weight } = verdict;
  const inKong = target === null ? undefined : targets.get(target);
  return element(
    'li',
    { data: { tone: toneOfInstance(verdict) } },
    element(
      'p',
      { class: 'who' },
      element('b', {}, verdict.instance),
      element('span', { class: 'chip', data: { tone: toneOfState(verdict.state) } }, verdict.state),
    ),
    element('p', { class: 'rule' }, ...trafficOf(verdict)),
    ...(verdict.traffic.mend === null
      ? []
      : [element('p', { class: 'mend' }, element('b', {}, 'To do: '), verdict.traffic.mend)]),
    element(
      'dl',
      {},
      pair(target === null ? 'Registered as' : 'Target', target ?? (verdict.address || 'nothing')),
      pair('Weight', weight === null ? 'none' : String(weight)),
      pair('In Kong', inKongText(inKong)),
      pair('Kong says', inKong?.health ?? '–'),
    ),
    ...checks(verdict),
  );
}

/** Whether it gets traffic, who decided that, and why. */
function trafficOf({ traffic }: ApiInstance): readonly Part[] {
  const { gets, decided_by: who, why } = traffic;
  const answer = gets === 'unknown' ? 'Traffic not known' : `${gets === 'yes' ? 'Gets' : 'Gets no'} traffic`;
  return [element('b', {}, answer), `, decided by ${who}: ${why}`];
}

function pair(name: string, value: string): Node {
  return element('div', {}, element('dt', {}, name), element('dd', {}, value));
}

function inKongText(target: ApiTarget | undefined): string {
  if (target === undefined) return 'no';
  return `weight ${target.weight}${target.owned ? '' : ', not ours'}`;
}

/** Checks that fail are there to be read, the others on demand. */
function checks({ instance: name, checks: all }: ApiInstance): readonly Node[] {
  const failing = all.filter(({ status }) => status !== 'passing');
  const passing = all.filter(({ status }) => status === 'passing');
  const summary = element('summary', {}, count(passing.length, 'passing check'));
  return [
    ...(failing.length === 0 ? [] : [element('ul', { class: 'checks' }, ...failing.map(check))]),
    ...(passing.length === 0
      ? []
      : [
          element(
            'details',
            { data: { key: name } },
            summary,
            element('ul', { class: 'checks' }, ...passing.map(check)),
          ),
        ]),
  ];
}

function check({ id, name, status, output }: ApiCheck): Node {
  const title = name === '' || name === id ? id : `${id} (${name})`;
  return element(
    'li',
    { data: { tone: toneOfState(status) } },
    element('p', {}, element('span', { class: 'chip' }, status), ' ', title),
    ...(output === '' ? [] : [element('pre', {}, output)]),
  );
}

/** Targets with no instance behind them: of others, or still to be removed. */
function strangers({ verdicts, kong_targets: targets, consul_failing: isFailing, state }: ApiTrail): readonly Node[] {
  const isUnread = isFailing || state === 'waiting';
  const stays = isUnread ? 'it stays as long as Consul cannot be read' : 'Consul knows no such instance (any more)';
  const known = new Set(verdicts.map(({ target }) => target));
  const others = targets.filter(({ target }) => !known.has(target));
  if (others.length === 0) return [];
  const rows = others.map((each) =>
    element(
      'li',
      { data: { tone: 'idle' } },
      element(
        'p',
        { class: 'who' },
        element('b', {}, each.target),
        element('span', { class: 'chip' }, each.owned ? 'ours' : 'not ours'),
      ),
      element('p', { class: 'rule' }, each.owned ? stays : 'somebody else put it there: it is left alone'),
      element('dl', { class: 'few' }, pair('Weight', String(each.weight)), pair('Kong says', each.health ?? '–')),
    ),
  );
  return [element('ul', { class: 'instances' }, ...rows)];
}

function section(title: string, content: readonly Node[]): readonly Node[] {
  return content.length === 0 ? [] : [element('h3', {}, title), ...content];
}

function toneOfInstance({ state, kept, traffic }: ApiInstance): Tone {
  if (traffic.gets === 'unknown') return 'busy';
  if (traffic.gets === 'yes') return kept || state !== 'passing' ? 'warn' : 'good';
  return state === 'maintenance' ? 'idle' : 'bad';
}

function toneOfState(state: ApiInstance['state']): Tone {
  switch (state) {
    case 'passing':
      return 'good';
    case 'warning':
      return 'warn';
    case 'critical':
      return 'bad';
    case 'maintenance':
      return 'idle';
  }
}
