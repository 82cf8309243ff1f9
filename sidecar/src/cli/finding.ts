/** One thing that `doctor` looked at, and the exact lines that mend it. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'failure';
  readonly text: string;
  /** What to put where: first where, then the lines to put there. */
  readonly mend?: readonly string[];
}

export function ok(check: string, text: string): Finding {
  return { check, level: 'ok', text };
}

export function warning(check: string, text: string, ...mend: readonly string[]): Finding {
  return { check, level: 'warning', text, ...(mend.length > 0 && { mend }) };
}

export function failure(check: string, text: string, ...mend: readonly string[]): Finding {
  return { check, level: 'failure', text, ...(mend.length > 0 && { mend }) };
}
