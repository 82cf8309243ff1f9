import { z } from 'zod';

const status = z.number().int().min(100).max(999);
const statuses = z.array(status);
const seconds = z.number().min(0).max(65_535);
const counter = z.number().int().min(0).max(255);
const checkType = z.enum(['tcp', 'http', 'https', 'grpc', 'grpcs']);
const hashOn = z.enum(['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture']);
const text = z.string().min(1, 'expected text, got nothing: it must not be empty');
const urlPath = z.string().regex(/^\//, 'expected a path that starts with "/"');

const unhealthyCounters = {
  tcp_failures: counter.optional(),
  timeouts: counter.optional(),
  http_failures: counter.optional(),
  http_statuses: statuses.optional(),
};

/** In the file an unknown key is a mistake. */
export const bindingBlock = bindingSchema(z.strictObject);

/** From a plugin an unknown key is left out: it may be one that a newer plugin knows. */
export const pluginBlock = bindingSchema(z.object);

/** The keys of a binding block; below `upstream` and `healthchecks` they are Kong's, with Kong's bounds. */
function bindingSchema(object: typeof z.strictObject) {
  return object({
    service: text.optional().describe('name of the Consul service; default: taken from the host'),
    tags: z.array(text).optional().describe('all of them must be on the instance'),
    filter: text.optional().describe('a Consul filter expression'),
    datacenter: text.optional().describe("where to look; default: the agent's, or consul.datacenter"),
    namespace: text.optional().describe("where to look; default: the token's, or consul.namespace"),
    partition: text.optional().describe("where to look; default: the agent's, or consul.partition"),
    passing_only: z.boolean().default(false).describe('leave instances in warning out'),
    on_no_healthy: z
      .enum(['keep', 'remove'])
      .default('keep')
      .describe('no instance healthy: keep all registered ones as targets, or remove them'),
    panic_threshold: z
      .number()
      .min(0)
      .max(100)
      .default(0)
      .describe('percent of instances that must be healthy; below it on_no_healthy applies'),
    address_tag: text.optional().describe("a key of Consul's tagged addresses"),
    port: z.number().int().min(1).max(65_535).optional().describe("one port for all; default: the instance's"),
    adopt: z.boolean().default(false).describe('tag an untagged upstream of this name and manage its settings'),
    upstream: upstreamSchema(object)
      .optional()
      .describe("fields of the Kong upstream, by Kong's names; what is not given is left to Kong"),
    healthchecks: healthchecksSchema(object)
      .optional()
      .describe("Kong's own health checks of the targets, by Kong's names"),
  });
}

/** `kong/db/schema/entities/upstreams.lua` */
function upstreamSchema(object: typeof z.strictObject) {
  return object({
    algorithm: z.enum(['round-robin', 'consistent-hashing', 'least-connections', 'latency']).optional(),
    slots: z.number().int().min(10).max(65_536).optional(),
    hash_on: hashOn.optional(),
    hash_fallback: hashOn.optional(),
    hash_on_header: text.optional(),
    hash_fallback_header: text.optional(),
    hash_on_cookie: text.optional(),
    hash_on_cookie_path: urlPath.optional(),
    hash_on_query_arg: text.optional(),
    hash_fallback_query_arg: text.optional(),
    hash_on_uri_capture: text.optional(),
    hash_fallback_uri_capture: text.optional(),
    host_header: text.optional(),
    use_srv_name: z.boolean().optional(),
    client_certificate: object({ id: text }).optional(),
  });
}

function healthchecksSchema(object: typeof z.strictObject) {
  const active = object({
    type: checkType.optional(),
    timeout: seconds.optional(),
    concurrency: z.number().int().min(1).max(2_147_483_648).optional(),
    http_path: urlPath.optional(),
    https_sni: text.optional(),
    https_verify_certificate: z.boolean().optional(),
    headers: z.record(z.string(), z.array(z.string())).optional(),
    healthy: object({
      interval: seconds.optional(),
      successes: counter.optional(),
      http_statuses: statuses.optional(),
    }).optional(),
    unhealthy: object({ interval: seconds.optional(), ...unhealthyCounters }).optional(),
  });
  const passive = object({
    type: checkType.optional(),
    healthy: object({ successes: counter.optional(), http_statuses: statuses.optional() }).optional(),
    unhealthy: object(unhealthyCounters).optional(),
  });
  return object({
    threshold: z.number().min(0).max(100).optional(),
    active: active.optional(),
    passive: passive.optional(),
  });
}
