import { cut, labelled, type Paint, plain, widthOf } from './paint.ts';
import type { TrailTarget, TrailVerdict } from './trail.ts';

export interface InstanceView {
  /** Whether the checks of a healthy instance are shown too. */
  readonly isFull: boolean;
  readonly columns: number;
  readonly paint: Paint;
}

const MARKS = { yes: ['good', 'traffic'], no: ['bad', 'NO TRAFFIC'], unknown: ['doubt', 'traffic?'] } as const;
const MARK_COLUMNS = 10;
const STATUS = { passing: 'good', warning: 'doubt', critical: 'bad' } as const;
const OUTPUT_COLUMNS = 100;

/** One instance: whether it gets traffic, who decided that and why, and every check. */
export function instanceText(verdict: TrailVerdict, target: TrailTarget | undefined, view: InstanceView): string {
  const { paint, columns, isFull } = view;
  const { decided_by: by, why, gets, mend } = verdict.traffic;
  const [usual, mark] = MARKS[gets];
  const colour = gets === 'yes' && by === 'kong-consul' ? 'doubt' : usual;
  const head = `${paint(colour, mark.padEnd(MARK_COLUMNS))}  ${paint('strong', plain(verdict.instance))}  ${inKong(verdict, target)}`;
  const isHealthy = verdict.traffic.gets === 'yes' && verdict.checks.every(({ status }) => status === 'passing');
  return [
    `\n${labelled('  ', head, columns)}`,
    labelled(`    ${by}: `, plain(why), columns),
    ...(mend === null ? [] : [labelled('    to do: ', plain(mend), columns)]),
    ...(isHealthy && !isFull ? [] : checks(verdict, view)),
  ].join('');
}

function inKong(verdict: TrailVerdict, target: TrailTarget | undefined): string {
  if (verdict.target === null)
    return verdict.address === ''
      ? 'has no address that Kong could use'
      : `${plain(verdict.address)} is no address that Kong could use`;
  if (target === undefined) return `${plain(verdict.target)} is not in Kong`;
  const wanted = verdict.weight === null || verdict.weight === target.weight ? '' : `, should be ${verdict.weight}`;
  return `${plain(verdict.target)} weight ${target.weight}${wanted}`;
}

function checks({ checks: all }: TrailVerdict, { columns, paint }: InstanceView): readonly string[] {
  const width = Math.max(...all.map(({ id }) => widthOf(plain(id))));
  return all.map(({ id, status, output }) => {
    const label = `    ${paint(STATUS[status], status.padEnd(8))}  ${plain(id).padEnd(width)}  `;
    const room = Math.min(OUTPUT_COLUMNS, Math.max(20, columns - widthOf(label)));
    // What is wrong is told whole, what is right on one line.
    const text = plain(output);
    return labelled(label, status === 'passing' ? cut(text, room) : text, columns);
  });
}
