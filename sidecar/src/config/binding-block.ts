import { z } from 'zod';
import type { Json, JsonObject } from '../core/binding.ts';
import type { BindingBlock, PluginConfig } from '../core/resolve-bindings.ts';
import { describeIssues } from './issues.ts';

const status = z.number().int().min(100).max(999);
const statuses = z.array(status);
const seconds = z.number().min(0).max(65_535);
const counter = z.number().int().min(0).max(255);
const checkType = z.enum(['tcp', 'http', 'https', 'grpc', 'grpcs']);
const hashOn = z.enum(['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture']);
const text = z.string().min(1);

const unhealthyCounters = {
  tcp_failures: counter.optional(),
  timeouts: counter.optional(),
  http_failures: counter.optional(),
  http_statuses: statuses.optional(),
};

/** Kong's `healthchecks`, its own names and bounds (`kong/db/schema/entities/upstreams.lua`). */
const healthchecks = z.strictObject({
  threshold: z.number().min(0).max(100).optional(),
  active: z
    .strictObject({
      type: checkType.optional(),
      timeout: seconds.optional(),
      concurrency: z.number().int().min(1).max(2_147_483_648).optional(),
      http_path: z.string().startsWith('/').optional(),
      https_sni: text.optional(),
      https_verify_certificate: z.boolean().optional(),
      headers: z.record(z.string(), z.array(z.string())).optional(),
      healthy: z
        .strictObject({
          interval: seconds.optional(),
          successes: counter.optional(),
          http_statuses: statuses.optional(),
        })
        .optional(),
      unhealthy: z.strictObject({ interval: seconds.optional(), ...unhealthyCounters }).optional(),
    })
    .optional(),
  passive: z
    .strictObject({
      type: checkType.optional(),
      healthy: z.strictObject({ successes: counter.optional(), http_statuses: statuses.optional() }).optional(),
      unhealthy: z.strictObject(unhealthyCounters).optional(),
    })
    .optional(),
});

const upstream = z.strictObject({
  algorithm: z.enum(['round-robin', 'consistent-hashing', 'least-connections', 'latency']).optional(),
  slots: z.number().int().min(10).max(65_536).optional(),
  hash_on: hashOn.optional(),
  hash_fallback: hashOn.optional(),
  hash_on_header: text.optional(),
  hash_fallback_header: text.optional(),
  hash_on_cookie: text.optional(),
  hash_on_cookie_path: z.string().startsWith('/').optional(),
  hash_on_query_arg: text.optional(),
  hash_fallback_query_arg: text.optional(),
  hash_on_uri_capture: text.optional(),
  hash_fallback_uri_capture: text.optional(),
  host_header: text.optional(),
  use_srv_name: z.boolean().optional(),
  client_certificate: z.strictObject({ id: text }).optional(),
});

/** A binding block; the same keys in the plugin's config and in the file. */
export const bindingBlock = z.strictObject({
  service: text.optional(),
  tags: z.array(text).optional(),
  filter: text.optional(),
  datacenter: text.optional(),
  namespace: text.optional(),
  partition: text.optional(),
  passing_only: z.boolean().default(false),
  on_no_healthy: z.enum(['keep', 'remove']).default('keep'),
  panic_threshold: z.number().min(0).max(100).default(0),
  address_tag: text.optional(),
  port: z.number().int().min(1).max(65_535).optional(),
  adopt: z.boolean().default(false),
  upstream: upstream.optional(),
  healthchecks: healthchecks.optional(),
});

const tolerant = z.object({
  ...bindingBlock.shape,
  upstream: z.looseObject(upstream.shape).optional(),
  healthchecks: healthchecks.optional(),
});

/**
 * Parses a binding block. In the file an unknown key is a mistake; a plugin's config comes from Kong, which gives unset
 * fields as null and may have fields that a newer plugin knows.
 */
export function parseBindingBlock(block: unknown, origin: 'file' | 'plugin'): PluginConfig {
  const given = withoutNulls(block ?? {});
  const result = origin === 'file' ? bindingBlock.safeParse(given) : tolerant.safeParse(given);
  if (!result.success) return { ok: false, problems: describeIssues(result.error, bindingBlock) };
  return { ok: true, block: toBlock(result.data) };
}

function toBlock(parsed: z.infer<typeof bindingBlock>): BindingBlock {
  const settings = { ...parsed.upstream, ...(parsed.healthchecks && { healthchecks: parsed.healthchecks }) };
  return {
    ...(parsed.service !== undefined && { service: parsed.service }),
    tags: parsed.tags ?? [],
    ...(parsed.filter !== undefined && { filter: parsed.filter }),
    ...(parsed.datacenter !== undefined && { datacenter: parsed.datacenter }),
    ...(parsed.namespace !== undefined && { namespace: parsed.namespace }),
    ...(parsed.partition !== undefined && { partition: parsed.partition }),
    options: {
      passingOnly: parsed.passing_only,
      onNoHealthy: parsed.on_no_healthy,
      panicThreshold: parsed.panic_threshold,
      ...(parsed.address_tag !== undefined && { addressTag: parsed.address_tag }),
      ...(parsed.port !== undefined && { port: parsed.port }),
      adopt: parsed.adopt,
      settings: toJson(settings),
    },
  };
}

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** Drops what is undefined. */
function toJson(value: unknown): JsonObject {
  return jsonObject.parse(JSON.parse(JSON.stringify(value)));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter((entry): entry is [string, NonNullable<Json>] => entry[1] !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
}
