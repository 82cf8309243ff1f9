import { z } from 'zod';

const text = z.string();
const check = z.object({ id: text, name: text, status: z.enum(['passing', 'warning', 'critical']), output: text });
const verdict = z.object({
  instance: text,
  state: text,
  rule: text,
  address: text,
  target: text.nullable(),
  weight: z.number().nullable(),
  traffic: z.object({ gets: z.enum(['yes', 'no', 'unknown']), decided_by: text, why: text, mend: text.nullable() }),
  checks: z.array(check).readonly(),
});
const kongTarget = z.object({ target: text, weight: z.number(), owned: z.boolean(), health: text.nullable() });
const hold = z.object({
  reason: text,
  why: text,
  removals: z.number(),
  until: text.nullable(),
  ends: text,
  force: z.boolean(),
});
const query = z.object({
  service: text,
  tags: z.array(text).readonly(),
  filter: text.optional(),
  datacenter: text.optional(),
  namespace: text.optional(),
  partition: text.optional(),
});

/** One upstream with all that lies between Consul and Kong, as `/api/v1/upstreams/NAME` gives it. */
export const trailSchema = z.object({
  upstream: text,
  state: text,
  query: query.nullable(),
  options: z.record(z.string(), z.unknown()).nullable(),
  sources: z.array(text).readonly(),
  instances: z.object({ registered: z.number(), healthy: z.number(), maintenance: z.number() }).nullable(),
  problem: text.nullable(),
  notes: z.array(text).readonly(),
  changes: z.array(z.object({ text, held: z.boolean() })).readonly(),
  hold: hold.nullable(),
  in_use: z.boolean(),
  consul_failing: z.boolean(),
  verdicts: z.array(verdict).readonly(),
  kong_targets: z.array(kongTarget).readonly(),
  last_answer: text.nullable(),
});

export type Trail = z.infer<typeof trailSchema>;
export type TrailVerdict = Trail['verdicts'][number];
export type TrailTarget = Trail['kong_targets'][number];
