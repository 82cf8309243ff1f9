import { isIP } from 'node:net';
import { PLUGIN_NAME } from '../kong/binding-reader.ts';
import type { KongInfo } from '../kong/info.ts';
import type { NodeSettings } from '../kong/node-settings.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

const OLDEST_KONG = [2, 8] as const;

/** What Kong says of itself. */
export function checkKong(info: KongInfo): Finding {
  const text = `version ${info.version}, database ${info.database}, role ${info.role}`;
  if (info.version === 'unknown')
    return warning('Kong', `${text}: it does not tell, so nothing can be said against it`);
  const [major = 0, minor = 0] = info.version.split('.').map(Number);
  const isOld = major < OLDEST_KONG[0] || (major === OLDEST_KONG[0] && minor < OLDEST_KONG[1]);
  if (isOld) return failure('Kong', text, `upgrade Kong to ${OLDEST_KONG.join('.')} or later`);
  if (info.role === 'control_plane')
    return ok('Kong', `${text}: data planes follow within seconds, and only they know the health of targets`);
  return ok('Kong', text);
}

/** Whether the plugin can be bound with. */
export function checkPlugin(info: KongInfo, settings: NodeSettings | undefined, instances: number): Finding {
  const check = 'plugin';
  if (info.plugins === undefined) return warning(check, `whether Kong has ${PLUGIN_NAME} is not known`);
  if (!info.plugins.has(PLUGIN_NAME)) {
    return warning(
      check,
      `${PLUGIN_NAME} is not enabled on this Kong: only bindings from the config file work`,
      "install it where Kong's Lua finds it (kong-plugin/README.md), then in Kong's environment:",
      `KONG_PLUGINS=bundled,${PLUGIN_NAME}`,
    );
  }
  const version = settings?.pluginVersion(PLUGIN_NAME);
  const name = version === undefined ? PLUGIN_NAME : `${PLUGIN_NAME} ${version}`;
  if (instances > 0) return ok(check, `${name} is enabled, and binds ${count(instances, 'upstream')}`);
  return ok(check, `${name} is enabled, but no Kong Service has it`);
}

/** Who may speak to the Admin API, which can do anything to Kong. */
export function checkAdminApi(settings: NodeSettings): Finding {
  const open = settings.adminListeners.filter(({ ip }) => !isLoopback(ip));
  if (open.length === 0) return ok('Admin API', 'listens on loopback only');
  if (settings.hasRbac) return ok('Admin API', 'listens for others too, and asks who they are (RBAC)');
  const places = open.map(({ ip, port, ssl }) => `${ip}:${port}${ssl ? ' (TLS)' : ''}`).join(', ');
  return warning(
    'Admin API',
    `listens on ${places}: whoever reaches it owns Kong, unless a firewall or a network of its own keeps others out`,
    "in Kong's environment, if the sidecar runs beside it:",
    `KONG_ADMIN_LISTEN=127.0.0.1:${open[0]?.port ?? 8001}`,
  );
}

/** How Kong resolves what is no upstream. */
export function checkDns(settings: NodeSettings, byDns: readonly string[]): Finding {
  const check = 'DNS in Kong';
  const client = settings.newDnsClient ? 'the new client (new_dns_client=on)' : 'the usual client';
  const resolver = settings.dnsResolver.length === 0 ? "the system's resolver" : settings.dnsResolver.join(', ');
  const text = `${client}, asking ${resolver}`;
  const inConsul = byDns.filter((host) => host.endsWith('.consul'));
  if (inConsul.length === 0) return ok(check, text);
  if (settings.newDnsClient) {
    return warning(
      check,
      `${text}: it asks for no SRV record of NAME.service.consul, so ${inConsul.join(', ')} would get the port of the Kong Service, not Consul's`,
      "in Kong's environment, or bind these hosts:",
      'KONG_NEW_DNS_CLIENT=off',
    );
  }
  if (settings.dnsResolver.length > 0)
    return ok(check, `${text}; ${count(inConsul.length, 'host')} below .consul by it`);
  return warning(
    check,
    `${text}: ${inConsul.join(', ')} can be resolved only if that forwards .consul to Consul`,
    "in Kong's environment, or bind these hosts:",
    'KONG_DNS_RESOLVER=127.0.0.1:8600',
  );
}

/** Objects with our tag that we never write: a deck with that tag as its select_tag would delete what is ours. */
export function checkOwnerTag(tag: string, foreignKinds: ReadonlyMap<string, number>): Finding {
  const check = 'owner tag';
  if (foreignKinds.size === 0) return ok(check, `${tag} is on upstreams and targets only`);
  const kinds = [...foreignKinds].map(([kind, many]) => `${many} ${kind}`).join(', ');
  return failure(
    check,
    `${kinds} carry ${tag} too, which only kong-consul may give: a deck file with select_tags [${tag}] deletes all upstreams and targets of ours at its next sync`,
    'in the deck file, another tag:',
    '_info: { select_tags: [managed-by-deck] }',
  );
}

/** Upstreams of ours with tags of others: deck with such a tag as its select_tag takes them for its own. */
export function checkSharedTags(
  shared: ReadonlyMap<string, readonly string[]>,
  { tag, url }: { readonly tag: string; readonly url: string },
): readonly Finding[] {
  return [...shared].map(([upstream, tags]) =>
    warning(
      `upstream ${upstream}`,
      `is ours and carries ${tags.join(', ')} too: deck with such a tag in select_tags deletes or changes it, and it comes back at the next resync`,
      'if nobody needs the other tags:',
      `curl -X PATCH ${url}/upstreams/${upstream} -H 'Content-Type: application/json' -d '${JSON.stringify({ tags: [tag] })}'`,
    ),
  );
}

function isLoopback(ip: string): boolean {
  if (ip === 'localhost' || ip.startsWith('unix:')) return true;
  const bare = ip.replace(/^\[|\]$/g, '');
  return isIP(bare) === 4 ? bare.startsWith('127.') : bare === '::1';
}

function count(many: number, what: string): string {
  return many === 1 ? `1 ${what}` : `${many} ${what}s`;
}
