import { median } from '../bench/statistics.ts';
import type { Finding } from './judge.ts';

/** All that is known of one kind of fault. */
export interface FaultResult {
  readonly fault: string;
  readonly tried: number;
  /** From the end of the fault to the right state, in ms; null when it never came right. */
  readonly recoveryP50Ms: number | null;
  readonly recoveryMaxMs: number | null;
  readonly wrongfulRemovals: number;
  readonly foreignWrites: number;
  /** All of them, the two before included. */
  readonly violations: number;
}

interface Violation extends Finding {
  readonly fault: string;
}

/** Collects what a campaign sees. */
export class Results {
  readonly violations: Violation[] = [];
  readonly #recoveries = new Map<string, number[]>();
  #fault = 'start';

  /** What is found from now on is this fault's. */
  begin(fault: string): void {
    this.#fault = fault;
  }

  readonly find = (finding: Finding): void => {
    this.violations.push({ ...finding, fault: this.#fault });
  };

  recovered(afterMs: number): void {
    this.#recoveries.set(this.#fault, [...(this.#recoveries.get(this.#fault) ?? []), afterMs]);
  }

  /** The last one of this fault, in ms. */
  get lastRecoveryMs(): number | undefined {
    return this.#recoveries.get(this.#fault)?.at(-1);
  }

  get tried(): number {
    return [...this.#recoveries.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Sorted by fault. */
  list(): readonly FaultResult[] {
    const faults = new Set([...this.#recoveries.keys(), ...this.violations.map(({ fault }) => fault)]);
    return [...faults].sort().map((fault) => {
      const recoveries = this.#recoveries.get(fault) ?? [];
      const violations = this.violations.filter((violation) => violation.fault === fault);
      const count = (kind: Finding['kind']) => violations.filter((violation) => violation.kind === kind).length;
      return {
        fault,
        tried: recoveries.length,
        recoveryP50Ms: recoveries.length === 0 ? null : Math.round(median(recoveries)),
        recoveryMaxMs: recoveries.length === 0 ? null : Math.round(Math.max(...recoveries)),
        wrongfulRemovals: count('wrongful removal'),
        foreignWrites: count('foreign write'),
        violations: violations.length,
      };
    });
  }
}

const HEADINGS = ['fault', 'tried', 'p50 ms', 'max ms', 'wrongful removals', 'foreign writes', 'violations'] as const;

/** The results as a Markdown table that can be read as it is. */
export function table(results: readonly FaultResult[]): string {
  const sum = (of: (result: FaultResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const rows = [
    HEADINGS,
    ...results.map((result) => cells(result, [result.recoveryP50Ms ?? '-', result.recoveryMaxMs ?? '-'])),
    [
      'all',
      ...[sum(({ tried }) => tried), '', Math.max(...results.map(({ recoveryMaxMs }) => recoveryMaxMs ?? 0))],
      ...[sum((one) => one.wrongfulRemovals), sum((one) => one.foreignWrites), sum((one) => one.violations)],
    ].map(String),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...body.map(line)].join('\n');
}

function cells(result: FaultResult, recoveries: readonly (number | string)[]): readonly string[] {
  const { fault, tried, wrongfulRemovals, foreignWrites, violations } = result;
  return [fault, ...[tried, ...recoveries, wrongfulRemovals, foreignWrites, violations].map(String)];
}
