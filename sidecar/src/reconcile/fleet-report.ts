import { compareText } from '../core/order.ts';
import type { NodeReport, ReportState, UpstreamReport } from './report.ts';

/** The worst first: it speaks for the fleet. */
const SEVERITY: readonly ReportState[] = [
  'error',
  'conflict',
  'frozen',
  'held',
  'waiting',
  'pending',
  'unbound',
  'in_sync',
];

/** What one node of a fleet says of an upstream; undefined: nothing yet. */
export interface NodeSaying {
  readonly node: string;
  readonly report: UpstreamReport | undefined;
}

/** One report of an upstream that several Kongs hold, each for itself; undefined when none of them says anything. */
export function fleetReport(sayings: readonly NodeSaying[]): UpstreamReport | undefined {
  const told = sayings.flatMap(({ node, report }) => (report === undefined ? [] : [{ node, report }]));
  const [worst] = [...told].sort(
    (a, b) => SEVERITY.indexOf(a.report.state) - SEVERITY.indexOf(b.report.state) || compareText(a.node, b.node),
  );
  if (worst === undefined) return undefined;
  const { problem, ...rest } = worst.report;
  const isShared = told.every(({ report }) => report.problem === problem);
  const named = problem === undefined || isShared ? problem : `${worst.node}: ${problem}`;
  return { ...rest, ...(named !== undefined && { problem: named }), nodes: told.map(nodeReport) };
}

function nodeReport({ node, report }: { readonly node: string; readonly report: UpstreamReport }): NodeReport {
  const { state, targets, problem } = report;
  return { node, state, targets, problem: problem ?? null };
}
