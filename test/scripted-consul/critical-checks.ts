import { z } from 'zod';

const entries = z.array(
  z.looseObject({ Checks: z.array(z.looseObject({ Node: z.string(), CheckID: z.string(), Status: z.string() })) }),
);

/** What `/v1/health/state/critical` lists of these entries: a node's check once, however many services are on it. */
export function criticalChecks(all: Iterable<readonly unknown[]>): readonly unknown[] {
  const critical = [...all]
    .flatMap((each) => entries.parse(each))
    .flatMap(({ Checks }) => Checks)
    .filter(({ Status }) => Status === 'critical');
  return [...new Map(critical.map((check) => [`${check.Node} ${check.CheckID}`, check])).values()];
}
