/** A registration at the agent: `Address`, `Port`, `Tags`, `Weights`, `Check` and all else in Consul's own names. */
export type ServiceRegistration = { readonly ID: string; readonly Name: string } & Readonly<Record<string, unknown>>;

/** A registration straight in the catalog, `Service`, `Checks` and all else in Consul's own names. */
export type CatalogRegistration = { readonly Node: string; readonly Address: string } & Readonly<
  Record<string, unknown>
>;

const CATALOG_WRITES_AT_ONCE = 16;

/** What tests ask of an agent's HTTP API. Every call throws on an answer other than 2xx. */
export class AgentApi {
  readonly url: string;
  readonly token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.url = url;
    this.token = token;
  }

  async register(service: ServiceRegistration): Promise<void> {
    await this.request('PUT', '/v1/agent/service/register', service);
  }

  async deregister(id: string): Promise<void> {
    await this.request('PUT', `/v1/agent/service/deregister/${encodeURIComponent(id)}`);
  }

  /** Sets a TTL check. */
  async setCheck(id: string, status: 'passing' | 'warning' | 'critical'): Promise<void> {
    await this.request('PUT', `/v1/agent/check/update/${encodeURIComponent(id)}`, { Status: status });
  }

  async maintenance(id: string, enable: boolean): Promise<void> {
    await this.request('PUT', `/v1/agent/service/maintenance/${encodeURIComponent(id)}?enable=${enable}`);
  }

  async nodeMaintenance(enable: boolean): Promise<void> {
    await this.request('PUT', `/v1/agent/maintenance?enable=${enable}`);
  }

  /** Writes an instance of another node straight to the catalog. */
  async catalog(entry: Readonly<Record<string, unknown>>): Promise<void> {
    await this.request('PUT', '/v1/catalog/register', entry);
  }

  /** The same for thousands, some at a time. */
  async catalogAll(entries: Iterable<CatalogRegistration>): Promise<void> {
    const rest = entries[Symbol.iterator]();
    const work = async () => {
      for (let next = rest.next(); !next.done; next = rest.next()) await this.catalog(next.value);
    };
    await Promise.all(Array.from({ length: CATALOG_WRITES_AT_ONCE }, work));
  }

  /** Removes one service of another node, or the node with all of its services. */
  async catalogDeregister(node: string, serviceId?: string): Promise<void> {
    const service = serviceId === undefined ? {} : { ServiceID: serviceId };
    await this.request('PUT', '/v1/catalog/deregister', { Node: node, ...service });
  }

  async request(method: string, target: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(this.url + target, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(this.token !== undefined && { headers: { 'X-Consul-Token': this.token } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
