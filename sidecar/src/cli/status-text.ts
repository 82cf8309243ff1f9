import { type Colour, cut, painter, widthOf } from './paint.ts';
import { table } from './render.ts';
import type { Terminal } from './session.ts';
import type { StatusRow } from './status-rows.ts';

/** What a newcomer may see first. */
export const NOTHING_BOUND =
  'No upstreams: nothing is bound. Enable the plugin on a Kong Service, or add "upstreams:" to the config file.\n';
const HEAD = ['UPSTREAM', 'STATE', 'SERVICE', 'HEALTHY', 'TARGETS', 'REMARK'] as const;
const COLOURS: Readonly<Record<string, Colour>> = {
  in_sync: 'good',
  pending: 'doubt',
  held: 'doubt',
  unbound: 'doubt',
};

/** One line an upstream, and the sums. Lines are cut at the terminal's edge. */
export function statusText(rows: readonly StatusRow[], terminal: Terminal): string {
  if (rows.length === 0) return NOTHING_BOUND;
  const paint = painter(terminal.colour);
  const lines = tableLines(rows, terminal.columns);
  const coloured = lines.map((line, at) => {
    const row = rows[at - 1];
    if (row === undefined) return paint('quiet', line);
    const seen = isDown(row.healthy) ? line.replace(` ${row.healthy} `, ` ${paint('bad', row.healthy)} `) : line;
    const colour = COLOURS[row.state] ?? 'bad';
    return seen.replace(` ${row.state} `, ` ${paint(colour, row.state)} `);
  });
  return `${coloured.join('\n')}\n${sumsLine(rows)}\n`;
}

/** `12 upstreams: 10 in sync, 1 held, 1 waiting`. */
export function sumsLine(rows: readonly StatusRow[]): string {
  const sums = new Map<string, number>();
  for (const { state } of rows) sums.set(state, (sums.get(state) ?? 0) + 1);
  const parts = [...sums]
    .sort(([a], [b]) => (a === 'in_sync' ? -1 : b === 'in_sync' ? 1 : a < b ? -1 : 1))
    .map(([state, count]) => `${count} ${state.replace('_', ' ')}`);
  const down = rows.filter(({ healthy }) => isDown(healthy)).length;
  const empty = rows.filter(({ healthy }) => healthy === '0/0').length;
  const none = [
    ...(down === 0 ? [] : [`; ${down} without a healthy instance`]),
    ...(empty === 0 ? [] : [`; ${empty} of which Consul knows no instance`]),
  ].join('');
  return `${rows.length} ${rows.length === 1 ? 'upstream' : 'upstreams'}: ${parts.join(', ')}${none}`;
}

function isDown(healthy: string): boolean {
  return healthy.startsWith('0/') && healthy !== '0/0';
}

/** Those that are not in sync first, as many as there is room for. */
export function fittingRows(rows: readonly StatusRow[], count: number): readonly StatusRow[] {
  if (rows.length <= count) return rows;
  const isGood = ({ state, healthy }: StatusRow) => state === 'in_sync' && !isDown(healthy);
  return [...rows.filter((row) => !isGood(row)), ...rows.filter(isGood)].slice(0, Math.max(0, count));
}

function tableLines(rows: readonly StatusRow[], columns: number): readonly string[] {
  const cells = rows.map(({ upstream, state, service, healthy, targets, remark }) => [
    upstream,
    state,
    service,
    healthy,
    String(targets),
    remark,
  ]);
  return table(HEAD, cells)
    .split('\n')
    .slice(0, -1)
    .map((line) => (widthOf(line) > columns ? cut(line, columns) : line));
}
