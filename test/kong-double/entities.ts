import type { Field, Fields } from './schema.ts';
import { tagError, upstreamNameError } from './spelling.ts';

const seconds = (fallback: number): Field => ({ type: 'number', between: [0, 65_535], fallback });
const statuses = (fallback: readonly number[]): Field => ({
  type: 'array',
  item: { type: 'integer', between: [100, 999] },
  fallback,
});
const count: Field = { type: 'integer', between: [0, 255], fallback: 0 };
const text: Field = { type: 'string' };
const texts: Field = { type: 'array', item: text };
const auto: Field = { type: 'auto' };
const reference: Field = { type: 'reference' };
const tags: Field = { type: 'set', item: { type: 'string', check: tagError } };
const failures = { tcp_failures: count, timeouts: count, http_failures: count };
const checkType: Field = { type: 'string', oneOf: ['tcp', 'http', 'https', 'grpc', 'grpcs'], fallback: 'http' };
const hash: Field = {
  type: 'string',
  oneOf: ['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture'],
  valueSince: { path: [3, 0], query_arg: [3, 0], uri_capture: [3, 0] },
  fallback: 'none',
};

const own: Fields = { id: auto, created_at: auto, tags };
const updatedAt: Field = { type: 'auto', since: [3, 3] };
const since30: Field = { type: 'string', since: [3, 0] };

const active: Fields = {
  type: checkType,
  timeout: seconds(1),
  concurrency: { type: 'integer', between: [1, 2 ** 31], fallback: 10 },
  http_path: { type: 'string', fallback: '/' },
  https_sni: text,
  https_verify_certificate: { type: 'boolean', fallback: true },
  headers: { type: 'map', since: [3, 0] },
  healthy: {
    type: 'record',
    fields: { interval: seconds(0), successes: count, http_statuses: statuses([200, 302]) },
  },
  unhealthy: {
    type: 'record',
    fields: {
      interval: seconds(0),
      http_statuses: statuses([429, 404, 500, 501, 502, 503, 504, 505]),
      ...failures,
    },
  },
};

const passive: Fields = {
  type: checkType,
  healthy: {
    type: 'record',
    fields: {
      successes: count,
      http_statuses: statuses([
        200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308,
      ]),
    },
  },
  unhealthy: { type: 'record', fields: { http_statuses: statuses([429, 500, 503]), ...failures } },
};

/** `kong/db/schema/entities/upstreams.lua`, as 3.9.1 gives it back. */
export const upstreamFields: Fields = {
  ...own,
  updated_at: updatedAt,
  name: { type: 'string', required: true, check: upstreamNameError },
  algorithm: {
    type: 'string',
    oneOf: ['consistent-hashing', 'least-connections', 'round-robin', 'latency'],
    valueSince: { latency: [3, 2] },
    fallback: 'round-robin',
  },
  hash_on: hash,
  hash_fallback: hash,
  hash_on_header: text,
  hash_fallback_header: text,
  hash_on_cookie: text,
  hash_on_cookie_path: { type: 'string', fallback: '/' },
  hash_on_query_arg: since30,
  hash_fallback_query_arg: since30,
  hash_on_uri_capture: since30,
  hash_fallback_uri_capture: since30,
  slots: { type: 'integer', between: [10, 65_536], fallback: 10_000 },
  host_header: text,
  client_certificate: reference,
  use_srv_name: { type: 'boolean', fallback: false, since: [3, 1] },
  healthchecks: {
    type: 'record',
    fields: {
      threshold: { type: 'number', between: [0, 100], fallback: 0 },
      active: { type: 'record', fields: active },
      passive: { type: 'record', fields: passive },
    },
  },
};

/** `kong/db/schema/entities/targets.lua`. */
export const targetFields: Fields = {
  ...own,
  updated_at: updatedAt,
  upstream: reference,
  target: { type: 'string', required: true },
  weight: { type: 'integer', between: [0, 65_535], fallback: 100 },
};

/** `kong/db/schema/entities/services.lua`. */
export const serviceFields: Fields = {
  ...own,
  updated_at: auto,
  name: text,
  host: { type: 'string', required: true, check: (host) => (host.includes(':') ? 'must not have a port' : undefined) },
  port: { type: 'integer', between: [0, 65_535], fallback: 80 },
  protocol: { type: 'string', fallback: 'http' },
  path: text,
  retries: { type: 'integer', between: [0, 32_767], fallback: 5 },
  connect_timeout: { type: 'integer', fallback: 60_000 },
  read_timeout: { type: 'integer', fallback: 60_000 },
  write_timeout: { type: 'integer', fallback: 60_000 },
  client_certificate: reference,
  ca_certificates: texts,
  tls_verify: { type: 'boolean' },
  tls_verify_depth: { type: 'integer' },
  enabled: { type: 'boolean', fallback: true },
};

/** `kong/db/schema/entities/routes.lua`. */
export const routeFields: Fields = {
  ...own,
  updated_at: auto,
  name: text,
  service: reference,
  protocols: { type: 'set', item: text, fallback: ['http', 'https'] },
  methods: { type: 'set', item: text },
  hosts: texts,
  paths: texts,
  headers: { type: 'map' },
  snis: { type: 'set', item: text },
  sources: { type: 'set' },
  destinations: { type: 'set' },
  https_redirect_status_code: { type: 'integer', fallback: 426 },
  regex_priority: { type: 'integer', fallback: 0 },
  strip_path: { type: 'boolean', fallback: true },
  path_handling: { type: 'string', oneOf: ['v0', 'v1'], fallback: 'v0' },
  preserve_host: { type: 'boolean', fallback: false },
  request_buffering: { type: 'boolean', fallback: true },
  response_buffering: { type: 'boolean', fallback: true },
};

/** `kong/db/schema/entities/plugins.lua`; `config` is taken as given. */
export const pluginFields: Fields = {
  ...own,
  updated_at: updatedAt,
  name: { type: 'string', required: true },
  instance_name: { type: 'string', since: [3, 2] },
  service: reference,
  route: reference,
  consumer: reference,
  config: { type: 'map', fallback: {} },
  enabled: { type: 'boolean', fallback: true },
  protocols: { type: 'set', item: text, fallback: ['grpc', 'grpcs', 'http', 'https'] },
};

/** `kong/db/schema/entities/consumers.lua`. */
export const consumerFields: Fields = { ...own, updated_at: updatedAt, username: text, custom_id: text };
