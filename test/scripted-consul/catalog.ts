import type { CheckStatus } from '../../sidecar/src/core/instance.ts';

/** An entry of `/v1/health/service/:name`, in Consul's own names, as 1.14 gives it. */
export interface EntryFields {
  readonly node?: string;
  readonly address?: string;
  readonly id: string;
  readonly service?: string;
  readonly serviceAddress?: string;
  readonly port?: number | null;
  readonly tags?: readonly string[];
  readonly checks?: readonly { readonly id: string; readonly status: CheckStatus }[];
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  readonly taggedAddresses?: Readonly<Record<string, { readonly Address: string; readonly Port: number }>>;
}

export function entry(fields: EntryFields): unknown {
  const {
    node = 'node-1',
    address = '10.0.0.1',
    id,
    service = 'web',
    serviceAddress = '',
    port = 8080,
    tags = [],
  } = fields;
  const checks = fields.checks ?? [{ id: `service:${id}`, status: 'passing' }];
  return {
    Node: { ID: '', Node: node, Address: address, Datacenter: 'dc1' },
    Service: {
      ID: id,
      Service: service,
      Tags: tags,
      Address: serviceAddress,
      ...(port !== null && { Port: port }),
      Weights: fields.weights ?? { Passing: 1, Warning: 1 },
      TaggedAddresses: fields.taggedAddresses ?? {},
    },
    Checks: checks.map((check) => ({
      Node: node,
      CheckID: check.id,
      Name: check.id,
      Status: check.status,
      Output: '',
    })),
  };
}

/** Services as registered through the agent's own endpoints. */
export class Registrations {
  readonly #instances = new Map<string, { readonly name: string; fields: EntryFields; maintenance: boolean }>();

  register(body: unknown): string {
    const given = record(body);
    const id = String(given.ID ?? given.Name);
    const name = String(given.Name);
    const weights = record(given.Weights);
    const fields: EntryFields = {
      id,
      service: name,
      node: 'double',
      address: '127.0.0.1',
      serviceAddress: String(given.Address ?? ''),
      port: Number(given.Port ?? 0),
      weights: { Passing: Number(weights.Passing ?? 1), Warning: Number(weights.Warning ?? 1) },
    };
    this.#instances.set(id, { name, fields, maintenance: false });
    return name;
  }

  deregister(id: string): string | undefined {
    const name = this.#instances.get(id)?.name;
    this.#instances.delete(id);
    return name;
  }

  setCheck(checkId: string, status: CheckStatus): string | undefined {
    const id = checkId.replace(/^service:/, '');
    const instance = this.#instances.get(id);
    if (instance !== undefined) instance.fields = { ...instance.fields, checks: [{ id: `service:${id}`, status }] };
    return instance?.name;
  }

  setMaintenance(id: string, on: boolean): string | undefined {
    const instance = this.#instances.get(id);
    if (instance !== undefined) instance.maintenance = on;
    return instance?.name;
  }

  entriesOf(name: string): readonly unknown[] {
    return [...this.#instances.values()]
      .filter((instance) => instance.name === name)
      .map(({ fields, maintenance }) => {
        const drained = { id: `_service_maintenance:${fields.id}`, status: 'critical' } as const;
        return entry(maintenance ? { ...fields, checks: [...(fields.checks ?? []), drained] } : fields);
      });
  }

  names(): ReadonlySet<string> {
    return new Set([...this.#instances.values()].map(({ name }) => name));
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
