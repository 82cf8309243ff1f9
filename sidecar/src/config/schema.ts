import { z } from 'zod';
import { bindingBlock } from './binding-block.ts';

const path = z.string().min(1);
const name = z.string().min(1);
const url = z.string().refine(isHttpUrl, 'expected an http:// or https:// URL');
const seconds = z.number().min(0).max(86_400);
const positiveSeconds = z.number().min(0.05).max(86_400);
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected a header name');
const headerValue = z
  .string()
  .regex(/^[\t\u0020-\u007e\u0080-\u00ff]*$/, 'expected a header value without line breaks');
const ownerName = z
  .string()
  .regex(/^[\u0020-\u007e]+$/, 'expected printable ASCII')
  .refine((text) => !/[,/]/.test(text), 'expected no "," and no "/", which Kong refuses in tags');

/** The config file, after flags and environment were laid over it. */
export const configSchema = z.strictObject({
  owner: ownerName,
  consul: z.strictObject({
    addr: name,
    token: name.optional(),
    token_file: path.optional(),
    ca_file: path.optional(),
    ca_path: path.optional(),
    cert_file: path.optional(),
    key_file: path.optional(),
    tls_server_name: name.optional(),
    ssl: z.boolean(),
    verify: z.boolean(),
    http_auth: z.string().includes(':').optional(),
    datacenter: name.optional(),
    namespace: name.optional(),
    partition: name.optional(),
    max_connections: z.number().int().min(1).optional(),
    max_stale_ms: z.number().min(0),
    wait_seconds: z.number().min(1).max(600),
    max_body_mb: z.number().min(1).max(1024),
  }),
  kong: z.strictObject({
    admin_url: z.union([url.transform((one) => [one]), z.array(url).min(1)]),
    header: z.record(headerName, headerValue).optional(),
    admin_token: headerValue.min(1).optional(),
    workspace: name.optional(),
    ca_file: path.optional(),
    cert_file: path.optional(),
    key_file: path.optional(),
    verify: z.boolean(),
    policy: z.enum(['sync', 'upsert_only']),
    poll_seconds: positiveSeconds,
    concurrency: z.number().int().min(1).max(256),
    writes_per_second: z.number().min(1).max(100_000),
    timeout_seconds: positiveSeconds,
  }),
  sources: z.strictObject({ plugin: z.boolean(), file: z.boolean() }),
  upstreams: z.record(z.string(), z.union([bindingBlock, z.null()])).optional(),
  empty_grace_seconds: seconds,
  unbind_grace_seconds: seconds,
  max_remove_percent: z.number().min(0).max(100),
  hold_seconds: seconds,
  startup_hold_seconds: seconds,
  resync_seconds: positiveSeconds,
  owner_check_seconds: positiveSeconds,
  coalesce_ms: z.number().min(0).max(60_000),
  log: z.strictObject({
    level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    format: z.enum(['json', 'pretty']),
  }),
  listen: name,
  listen_token: headerValue.min(1).optional(),
});

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && search === '' && hash === '';
}
