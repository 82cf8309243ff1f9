/** The value below which `share` (0 to 1) of the sorted samples lie. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Median, tail and number of samples in ms. */
export function spread(samples: readonly number[]): string {
  return `p50 ${median(samples).toFixed(1)} ms, p99 ${quantile(samples, 0.99).toFixed(1)} ms (n = ${samples.length})`;
}

export function ratio(value: number, base: number): string {
  return (value / base).toFixed(2);
}

/** One line of the result table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** Against what it was measured in the same run. */
  readonly ratio: string;
  /** What it should reach. */
  readonly bar: string;
}

export function markdown(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ what, measured, ratio: against, bar }) => `| ${what} | ${measured} | ${against} | ${bar} |`,
  );
  return ['| what | measured | ratio | bar |', '| --- | --- | --- | --- |', ...lines].join('\n');
}
