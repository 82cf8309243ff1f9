import { DOCTOR_HINT } from '../core/trust.ts';
import type { Finding } from './finding.ts';
import { mergeFindings } from './merge-findings.ts';
import { type Colour, labelled, type Paint, painter, plain } from './paint.ts';
import type { Terminal } from './session.ts';

const MARKS = { ok: ['good', 'ok  '], warning: ['doubt', 'WARN'], failure: ['bad', 'FAIL'] } as const satisfies Record<
  Finding['level'],
  readonly [Colour, string]
>;

/** One block a finding, and the sums. What is to be put somewhere stands on lines of its own, to be copied. */
export function doctorText(findings: readonly Finding[], { columns, colour }: Terminal): string {
  const paint = painter(colour);
  const merged = mergeFindings(findings);
  const those = (level: Finding['level']) => merged.filter((finding) => finding.level === level);
  const wrong = those('failure').map(({ check }) => plain(check));
  const named = wrong.length === 0 ? '' : `: ${[...new Set(wrong)].join(', ')}`;
  const sums = `${those('ok').length} ok, ${those('warning').length} to look at, ${wrong.length} wrong${named}`;
  return `${merged.map((finding) => block(finding, columns, paint)).join('')}\n${sums}\n`;
}

function block({ level, check, text, mend = [] }: Finding, columns: number, paint: Paint): string {
  const [colour, mark] = MARKS[level];
  const head = labelled(
    `${paint(colour, mark)}  `,
    `${paint('strong', `${plain(check)}:`)} ${plain(text.replace(DOCTOR_HINT, ''))}`,
    columns,
  );
  const [where, ...lines] = mend;
  if (where === undefined) return head;
  const place = labelled('      -> ', where, columns);
  // Not wrapped: a line that is to be copied stays one.
  return `${head}${place}${lines.map((line) => `           ${plain(line)}\n`).join('')}`;
}
