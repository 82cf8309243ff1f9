import { z } from 'zod';
import type { KongClient } from './client.ts';
import { parse } from './entities.ts';

/** Empty Lua tables come as `{}`. */
const list = <T>(item: z.ZodType<T>) =>
  z
    .union([z.array(item), z.object({}).transform((): T[] => [])])
    .nullish()
    .transform((value) => value ?? []);
const listener = z.object({ ip: z.string().default(''), port: z.number().default(0), ssl: z.boolean().default(false) });
const root = z.object({
  edition: z.string().default('community'),
  configuration: z.object({
    admin_listeners: list(listener),
    dns_resolver: list(z.string()),
    dns_order: list(z.string()),
    new_dns_client: z.boolean().default(false),
    rbac: z.string().optional(),
  }),
  plugins: z.object({ available_on_server: z.record(z.string(), z.unknown()) }),
});
const pluginEntry = z.object({ version: z.string() });

/** How one Kong node is set up, as far as `doctor` asks. */
export interface NodeSettings {
  readonly adminListeners: readonly { readonly ip: string; readonly port: number; readonly ssl: boolean }[];
  /** Whether Kong Enterprise asks who one is. */
  readonly hasRbac: boolean;
  readonly dnsResolver: readonly string[];
  readonly newDnsClient: boolean;
  readonly pluginVersion: (name: string) => string | undefined;
  /** The header `Date` of the answer, and our clock then. */
  readonly date: string | undefined;
  readonly askedMs: number;
}

/** Undefined where Kong does not tell (RBAC, Konnect). */
export async function readNodeSettings(client: KongClient, signal: AbortSignal): Promise<NodeSettings | undefined> {
  const path = client.hasWorkspace ? '/kong' : '/';
  const answer = await client.request({ method: 'GET', path, accept: [401, 403, 404] }, signal);
  const askedMs = Date.now();
  if (answer.status !== 200) return undefined;
  const { configuration, plugins } = parse(root, answer.body, `GET ${path}`);
  return {
    adminListeners: configuration.admin_listeners,
    hasRbac: configuration.rbac !== undefined && configuration.rbac !== 'off',
    dnsResolver: configuration.dns_resolver,
    newDnsClient: configuration.new_dns_client,
    pluginVersion: (name) => pluginEntry.safeParse(plugins.available_on_server[name]).data?.version,
    date: answer.date,
    askedMs,
  };
}
