import { z } from 'zod';
import type { CheckStatus } from '../../sidecar/src/core/instance.ts';
import { type CheckFields, type EntryFields, entry, nodeCheck } from './catalog.ts';

const check = z.object({
  CheckID: z.string().optional(),
  Name: z.string().optional(),
  Status: z.enum(['passing', 'warning', 'critical']).optional(),
});
const registration = z.object({
  ID: z.string().optional(),
  Name: z.string(),
  Address: z.string().default(''),
  Port: z.number().default(0),
  Tags: z.array(z.string()).default([]),
  Meta: z.record(z.string(), z.string()).nullable().default(null),
  Weights: z.object({ Passing: z.number(), Warning: z.number() }).optional(),
  TaggedAddresses: z.record(z.string(), z.object({ Address: z.string(), Port: z.number() })).optional(),
  Check: check.optional(),
  Checks: z.array(check).default([]),
});

type Registration = z.infer<typeof registration>;

interface Registered {
  readonly fields: Registration;
  readonly checks: Map<string, CheckFields>;
}

/** What an agent's own endpoints hold: services, their checks, maintenance. Each change names the services it touches. */
export class Registrations {
  readonly #services = new Map<string, Registered>();
  #nodeMaintenance = false;

  register(body: unknown): readonly string[] {
    const fields = registration.parse(body);
    const id = fields.ID ?? fields.Name;
    const known = this.#services.get(id);
    const checks = known?.fields.Name === fields.Name ? known.checks : new Map<string, CheckFields>();
    for (const given of checksOf(id, fields)) {
      const { status = 'critical', output = '' } = checks.get(given.id) ?? {};
      checks.set(given.id, { ...given, output, status: given.status ?? status });
    }
    this.#services.set(id, { fields, checks });
    return [...new Set([known?.fields.Name ?? fields.Name, fields.Name])];
  }

  deregister(id: string): readonly string[] {
    const known = this.#services.get(id);
    this.#services.delete(id);
    return known === undefined ? [] : [known.fields.Name];
  }

  setCheck(checkId: string, status: CheckStatus, output = ''): readonly string[] {
    const known = [...this.#services.values()].find(({ checks }) => checks.has(checkId));
    const current = known?.checks.get(checkId);
    if (known === undefined || current === undefined) return [];
    known.checks.set(checkId, { ...current, status, output });
    return [known.fields.Name];
  }

  setMaintenance(id: string, enable: boolean, reason = ''): readonly string[] {
    const known = this.#services.get(id);
    if (known === undefined) return [];
    const checkId = `_service_maintenance:${id}`;
    if (enable) known.checks.set(checkId, maintenance(checkId, 'Service Maintenance Mode', reason));
    else known.checks.delete(checkId);
    return [known.fields.Name];
  }

  setNodeMaintenance(enable: boolean): readonly string[] {
    this.#nodeMaintenance = enable;
    return [...new Set([...this.#services.values()].map(({ fields }) => fields.Name))];
  }

  entriesOf(name: string): readonly unknown[] {
    const nodeChecks = this.#nodeMaintenance
      ? [maintenance('_node_maintenance', 'Node Maintenance Mode', ''), nodeCheck]
      : [nodeCheck];
    return [...this.#services]
      .filter(([, { fields }]) => fields.Name === name)
      .map(([id, { fields, checks }]) => entry(toEntryFields(id, fields, [...nodeChecks, ...sorted(checks)])));
  }
}

function sorted(checks: ReadonlyMap<string, CheckFields>): readonly CheckFields[] {
  return [...checks.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

interface GivenCheck extends Omit<CheckFields, 'status'> {
  readonly status: CheckStatus | undefined;
}

/** Names as Consul makes them up: `service:ID`, or `service:ID:1` and on for several. */
function checksOf(id: string, fields: Registration): readonly GivenCheck[] {
  const all = [...(fields.Check === undefined ? [] : [fields.Check]), ...fields.Checks];
  return all.map((given, at) => ({
    id: given.CheckID ?? (all.length === 1 ? `service:${id}` : `service:${id}:${at + 1}`),
    name: given.Name ?? `Service '${fields.Name}' check`,
    status: given.Status,
    type: 'ttl',
  }));
}

function toEntryFields(id: string, fields: Registration, checks: readonly CheckFields[]): EntryFields {
  return {
    id,
    service: fields.Name,
    node: 'scripted',
    address: '127.0.0.1',
    serviceAddress: fields.Address,
    port: fields.Port,
    tags: fields.Tags,
    meta: fields.Meta,
    checks,
    ...(fields.Weights !== undefined && { weights: fields.Weights }),
    ...(fields.TaggedAddresses !== undefined && { taggedAddresses: fields.TaggedAddresses }),
  };
}

function maintenance(id: string, name: string, reason: string): CheckFields {
  const what = id === '_node_maintenance' ? 'node' : 'service';
  const silent = `Maintenance mode is enabled for this ${what}, but no reason was provided. This is a default message.`;
  return { id, name, status: 'critical', notes: reason === '' ? silent : reason, type: 'maintenance' };
}
