import { z } from 'zod';
import { isUpstreamName } from '../core/address.ts';
import { isPathSegment } from '../net/path-segment.ts';
import { bindingBlock } from './binding-schema.ts';
import { refusalsOf } from './block-rules.ts';
import { type ListenAddress, parseListen } from './listen.ts';
import { consulUrl, isHttpUrl } from './url.ts';

/** Control characters would break a header, a path or a terminal. */
const text = z
  .string()
  .min(1, 'expected text, got nothing: it must not be empty')
  .regex(/^\P{Cc}*$/u, 'expected one line without control characters');
const url = z
  .string()
  .refine(isHttpUrl, 'expected an http:// or https:// URL without a query, such as http://127.0.0.1:8001');
const seconds = z.number().min(0).max(86_400);
const positiveSeconds = z.number().min(0.05).max(86_400);
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected a header name');
const headerValue = z
  .string()
  .regex(/^[\t\u0020-\u007e\u0080-\u00ff]*$/, 'expected a header value: one line of Latin-1 text');
const token = z
  .string()
  .min(1, 'expected text, got nothing: it must not be empty')
  .regex(/^[\u0020-\u007e\u0080-\u00ff]*$/, 'expected one line of Latin-1 text');
const ownerName = z
  .string()
  .regex(/^[\u0020-\u007e]+$/, 'expected printable ASCII')
  .refine((name) => !/[,/]/.test(name), 'expected no "," and no "/", which Kong refuses in tags');

const leaderKey = text
  .max(512, 'expected at most 512 characters, as Consul does')
  .refine((key) => !/^\/|\/\/|(^|\/)\.{1,2}(\/|$)/.test(key), 'expected a key such as kong-consul/default/leader');

const upstreamName = z
  .string()
  .refine(isUpstreamName, 'no upstream can be named so: expected a host name without a port');
const upstreamBlock = bindingBlock.superRefine((block, context) => {
  for (const { path, message } of refusalsOf(block)) context.addIssue({ code: 'custom', path: [...path], message });
});

/** The config file, after flags and environment were laid over it. */
export const configSchema = z.strictObject({
  owner: ownerName,
  consul: z
    .strictObject({
      addr: text.transform(consulAddress),
      token: token.optional(),
      token_file: text.optional(),
      ca_file: text.optional(),
      ca_path: text.optional(),
      cert_file: text.optional(),
      key_file: text.optional(),
      tls_server_name: text.optional(),
      ssl: z.boolean(),
      verify: z.boolean(),
      http_auth: text.regex(/:/, 'expected user:password').optional(),
      datacenter: text.optional(),
      namespace: text.optional(),
      partition: text.optional(),
      max_connections: z.number().int().min(1).optional(),
      max_stale_ms: z.number().min(0),
      wait_seconds: z.number().min(1).max(600).optional(),
      max_body_mb: z.number().min(1).max(1024),
    })
    .superRefine(requireKeyPair),
  kong: z
    .strictObject({
      admin_url: z.union([url.transform((one) => [one]), z.array(url).min(1, 'expected at least one URL')]),
      status_url: z.union([url.transform((one) => [one]), z.array(url)]).optional(),
      header: z.record(headerName, headerValue).optional(),
      admin_token: token.optional(),
      workspace: text.refine(isPathSegment, 'no workspace can be named so').optional(),
      ca_file: text.optional(),
      cert_file: text.optional(),
      key_file: text.optional(),
      verify: z.boolean(),
      policy: z.enum(['sync', 'upsert_only']),
      poll_seconds: positiveSeconds,
      concurrency: z.number().int().min(1).max(256),
      writes_per_second: z.number().min(1).max(100_000),
      declarative_file: text.optional(),
      declarative_debounce_ms: z.number().min(0).max(600_000),
      timeout_seconds: positiveSeconds,
    })
    .superRefine(requireKeyPair),
  sources: z.strictObject({ plugin: z.boolean(), file: z.boolean() }),
  upstreams: z.record(upstreamName, upstreamBlock).optional(),
  empty_grace_seconds: seconds,
  unbind_grace_seconds: seconds,
  max_remove_percent: z.number().min(0).max(100),
  hold_seconds: seconds,
  startup_hold_seconds: seconds,
  resync_seconds: positiveSeconds,
  owner_check_seconds: positiveSeconds,
  coalesce_ms: z.number().min(0).max(60_000),
  leader_election: z.boolean(),
  leader_key: leaderKey.optional(),
  leader_takeover_seconds: z.number().min(25, 'expected at least 25: Consul keeps a session for 20 s').max(86_400),
  log: z.strictObject({
    level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    format: z.enum(['json', 'pretty']),
  }),
  listen: z.string('expected host:port, such as 127.0.0.1:7070, or "off"').transform(listenAddress),
  listen_token: token.optional(),
});

function consulAddress(addr: string, context: z.RefinementCtx): string {
  const url = consulUrl(addr);
  if (url !== undefined) return url;
  context.addIssue('expected an http:// or https:// URL without a query, host:port or unix:///path');
  return z.NEVER;
}

function listenAddress(address: string, context: z.RefinementCtx): ListenAddress | null {
  const parsed = parseListen(address);
  if (parsed !== undefined) return parsed;
  context.addIssue('expected host:port or off, such as 127.0.0.1:7070');
  return z.NEVER;
}

interface KeyPair {
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
}

function requireKeyPair(pair: KeyPair, context: z.RefinementCtx): void {
  const given = pair.cert_file === undefined ? 'key_file' : 'cert_file';
  const other = given === 'cert_file' ? 'key_file' : 'cert_file';
  if ((pair.cert_file === undefined) === (pair.key_file === undefined)) return;
  context.addIssue({ code: 'custom', path: [given], message: `needs ${other} beside it` });
}
