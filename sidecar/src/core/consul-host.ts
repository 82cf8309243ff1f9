import { isIpAddress } from './address.ts';

/** What a Kong Service's `host` says about Consul. */
export type ConsulHost =
  | {
      readonly ok: true;
      readonly service: string;
      readonly tag?: string;
      readonly datacenter?: string;
      readonly namespace?: string;
      readonly partition?: string;
    }
  | { readonly ok: false; readonly reason: string };

interface Scope {
  datacenter?: string;
  namespace?: string;
  partition?: string;
}

/**
 * The Consul service behind a host name, by the rules of Consul's DNS.
 *
 * | host                              | Consul service          |
 * | --------------------------------- | ----------------------- |
 * | `web`                             | web                     |
 * | `web.service.consul`              | web                     |
 * | `web.service.dc2.consul`          | web in dc2              |
 * | `v1.web.service.consul`           | web with tag v1         |
 * | `_web._tcp.service.consul`        | web (RFC 2782)          |
 * | `_web._v1.service.consul`         | web with tag v1         |
 * | `web.service.a.ns.b.ap.dc2.dc.consul` | web in namespace a, partition b, dc2 |
 */
export function parseConsulHost(host: string): ConsulHost {
  if (isIpAddress(host)) return { ok: false, reason: `host ${host} is an IP address, and no upstream can be named so` };
  const labels = host.replace(/\.$/, '').split('.');
  if (labels.some((label) => label === '')) return { ok: false, reason: `host "${host}" is not a host name` };
  const [first = ''] = labels;
  if (labels.length === 1) return { ok: true, service: first };
  if (labels.at(-1)?.toLowerCase() !== 'consul') return notConsul(host);

  const kindAt = labels.findLastIndex((label) => label.toLowerCase() === 'service');
  if (kindAt < 1)
    return { ok: false, reason: `host ${host} is not a service name of Consul's DNS (NAME.service.consul)` };
  const scope = parseScope(labels.slice(kindAt + 1, -1));
  if (scope === undefined)
    return { ok: false, reason: `host ${host}: what stands between "service" and "consul" is no datacenter` };
  return { ok: true, ...parseName(labels.slice(0, kindAt)), ...scope };
}

function notConsul(host: string): ConsulHost {
  return { ok: false, reason: `host ${host} is no name of Consul's; set "service" to bind it` };
}

function parseName(labels: readonly string[]): { readonly service: string; readonly tag?: string } {
  const service = labels.at(-1) ?? '';
  const [name = '', protocol = ''] = labels;
  if (labels.length === 2 && name.startsWith('_') && protocol.startsWith('_')) {
    const tag = protocol.slice(1);
    return tag.toLowerCase() === 'tcp' ? { service: name.slice(1) } : { service: name.slice(1), tag };
  }
  if (labels.length === 1) return { service };
  return { service, tag: labels.slice(0, -1).join('.') };
}

/** `dc2`, or pairs of a value and its kind: `a.ns`, `b.ap`, `dc2.dc`. */
function parseScope(labels: readonly string[]): Scope | undefined {
  if (labels.length === 0) return {};
  if (labels.length === 1) return { datacenter: labels[0] ?? '' };
  if (labels.length % 2 === 1) return undefined;
  const scope: Scope = {};
  for (let at = 0; at < labels.length; at += 2) {
    const value = labels[at] ?? '';
    const kind = labels[at + 1]?.toLowerCase();
    if (kind === 'dc') scope.datacenter = value;
    else if (kind === 'ns') scope.namespace = value;
    else if (kind === 'ap') scope.partition = value;
    else return undefined;
  }
  return scope;
}
