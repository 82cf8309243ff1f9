import type { Field } from './schema.ts';

const statuses = (...fallback: number[]): Field => ({ type: 'list', fallback });
const count = (max: number): Field => ({ type: 'integer', between: [0, max], fallback: 0 });
const seconds = (fallback: number): Field => ({ type: 'number', between: [0, 65_535], fallback });
const text: Field = { type: 'string' };
const checkType: Field = { type: 'string', oneOf: ['tcp', 'http', 'https', 'grpc', 'grpcs'], fallback: 'http' };
const hash = (): Field => ({
  type: 'string',
  oneOf: ['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture'],
  fallback: 'none',
});
const failures = { tcp_failures: count(255), timeouts: count(255), http_failures: count(255) };

/** Kong refuses `,` and `/` in tags (`kong/db/schema/typedefs.lua`, validate_tag). */
export const tags: Field = {
  type: 'list',
  check: (tag) =>
    /[,/]/.test(tag)
      ? `invalid tag '${tag}': expected printable ascii (except \`,\` and \`/\`) or valid utf-8 sequences`
      : undefined,
};

function upstreamName(name: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name) || name.split(':').length > 2)
    return `Invalid name ('${name}'); no ip addresses allowed`;
  if (name.includes(':')) return `Invalid name ('${name}'); no port allowed`;
  return /^[0-9A-Za-z\-._]+$/.test(name) ? undefined : `Invalid name ('${name}'); must be a valid hostname`;
}

/** `kong/db/schema/entities/upstreams.lua`, as 3.9.1 gives it back. */
export const upstreamFields: Readonly<Record<string, Field>> = {
  name: { type: 'string', required: true, check: upstreamName },
  algorithm: {
    type: 'string',
    oneOf: ['consistent-hashing', 'least-connections', 'round-robin', 'latency'],
    fallback: 'round-robin',
  },
  hash_on: hash(),
  hash_fallback: hash(),
  hash_on_header: text,
  hash_fallback_header: text,
  hash_on_cookie: text,
  hash_on_cookie_path: { type: 'string', fallback: '/' },
  hash_on_query_arg: text,
  hash_fallback_query_arg: text,
  hash_on_uri_capture: text,
  hash_fallback_uri_capture: text,
  slots: { type: 'integer', between: [10, 65_536], fallback: 10_000 },
  host_header: text,
  client_certificate: { type: 'reference' },
  use_srv_name: { type: 'boolean', fallback: false },
  tags,
  healthchecks: {
    type: 'record',
    fields: {
      threshold: { type: 'number', between: [0, 100], fallback: 0 },
      active: {
        type: 'record',
        fields: {
          type: checkType,
          timeout: seconds(1),
          concurrency: { type: 'integer', between: [1, 2 ** 31], fallback: 10 },
          http_path: { type: 'string', fallback: '/' },
          https_sni: text,
          https_verify_certificate: { type: 'boolean', fallback: true },
          headers: { type: 'map' },
          healthy: {
            type: 'record',
            fields: { interval: seconds(0), successes: count(255), http_statuses: statuses(200, 302) },
          },
          unhealthy: {
            type: 'record',
            fields: {
              interval: seconds(0),
              http_statuses: statuses(429, 404, 500, 501, 502, 503, 504, 505),
              ...failures,
            },
          },
        },
      },
      passive: {
        type: 'record',
        fields: {
          type: checkType,
          healthy: {
            type: 'record',
            fields: {
              successes: count(255),
              http_statuses: statuses(
                200,
                201,
                202,
                203,
                204,
                205,
                206,
                207,
                208,
                226,
                300,
                301,
                302,
                303,
                304,
                305,
                306,
                307,
                308,
              ),
            },
          },
          unhealthy: { type: 'record', fields: { http_statuses: statuses(429, 500, 503), ...failures } },
        },
      },
    },
  },
};

export const targetFields: Readonly<Record<string, Field>> = {
  target: { type: 'string', required: true },
  weight: { type: 'integer', between: [0, 65_535], fallback: 100 },
  tags,
};

export const serviceFields: Readonly<Record<string, Field>> = {
  name: text,
  host: { type: 'string', required: true, check: (host) => (host.includes(':') ? 'must not have a port' : undefined) },
  port: { type: 'integer', fallback: 80 },
  protocol: { type: 'string', fallback: 'http' },
  path: text,
  retries: { type: 'integer', fallback: 5 },
  connect_timeout: { type: 'integer', fallback: 60_000 },
  read_timeout: { type: 'integer', fallback: 60_000 },
  write_timeout: { type: 'integer', fallback: 60_000 },
  client_certificate: { type: 'reference' },
  ca_certificates: { type: 'list' },
  tls_verify: { type: 'boolean' },
  tls_verify_depth: { type: 'integer' },
  enabled: { type: 'boolean', fallback: true },
  tags,
};

export const routeFields: Readonly<Record<string, Field>> = {
  name: text,
  service: { type: 'reference' },
  protocols: { type: 'list', fallback: ['http', 'https'] },
  methods: { type: 'list' },
  hosts: { type: 'list' },
  paths: { type: 'list' },
  headers: { type: 'map' },
  snis: { type: 'list' },
  sources: { type: 'list' },
  destinations: { type: 'list' },
  https_redirect_status_code: { type: 'integer', fallback: 426 },
  regex_priority: { type: 'integer', fallback: 0 },
  strip_path: { type: 'boolean', fallback: true },
  path_handling: { type: 'string', fallback: 'v0' },
  preserve_host: { type: 'boolean', fallback: false },
  request_buffering: { type: 'boolean', fallback: true },
  response_buffering: { type: 'boolean', fallback: true },
  tags,
};

export const pluginFields: Readonly<Record<string, Field>> = {
  name: { type: 'string', required: true },
  instance_name: text,
  service: { type: 'reference' },
  route: { type: 'reference' },
  consumer: { type: 'reference' },
  config: { type: 'map', fallback: {} },
  enabled: { type: 'boolean', fallback: true },
  protocols: { type: 'list', fallback: ['grpc', 'grpcs', 'http', 'https'] },
  tags,
};
