import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../sidecar/src/core/binding.ts';
import { completeHealthChecks } from '../../sidecar/src/core/health-check-defaults.ts';
import { lintHealthChecks } from '../../sidecar/src/core/health-check-lint.ts';
import type { HealthCheckContext } from '../../sidecar/src/core/health-checks.ts';

/** The plugin's specs read the same table, so the two languages cannot drift apart. */
const cases = z
  .array(
    z.strictObject({
      name: z.string(),
      healthchecks: z.custom<JsonObject>(),
      context: z.strictObject({ protocols: z.array(z.string()), host_header: z.string().optional() }).optional(),
      findings: z.array(z.strictObject({ level: z.string(), rule: z.string(), path: z.string(), message: z.string() })),
      complete: z.unknown().optional(),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('../lint-cases.json', import.meta.url), 'utf8')));

type Case = (typeof cases)[number];

function contextOf({ context }: Case): HealthCheckContext {
  return {
    ...(context && { protocols: context.protocols }),
    ...(context?.host_header !== undefined && { hostHeader: context.host_header }),
  };
}

describe('health check lint, by the table shared with the plugin', () => {
  it.each(cases)('$name', (given) => {
    expect(lintHealthChecks(given.healthchecks, contextOf(given))).toEqual(given.findings);
  });

  it('has a case for every rule', () => {
    const rules = new Set(cases.flatMap(({ findings }) => findings.map(({ rule }) => rule)));
    expect([...rules].sort()).toEqual([
      'always-down',
      'counter-too-high',
      'failures-add-up',
      'https-without-sni',
      'never-recovers',
      'status-gap',
      'status-overlap',
      'type-skipped',
      'type-unsupported',
      'unprobed',
    ]);
  });
});

describe('health check defaults, by the same table', () => {
  it.each(cases.filter(({ complete }) => complete !== undefined))('$name', (given) => {
    expect(completeHealthChecks(given.healthchecks, contextOf(given))).toEqual(given.complete);
  });

  it.each(cases)('completing twice changes nothing: $name', (given) => {
    const once = completeHealthChecks(given.healthchecks, contextOf(given));
    expect(completeHealthChecks(once, contextOf(given))).toEqual(once);
  });
});
