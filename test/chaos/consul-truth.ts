import { z } from 'zod';
import type { AgentApi } from '../consul/agent-api.ts';
import { SERVICES } from './bound.ts';
import type { Model } from './model.ts';

const entries = z.array(
  z.object({
    Node: z.object({ Node: z.string() }),
    Service: z.object({
      ID: z.string(),
      Address: z.string(),
      Port: z.number(),
      Weights: z.object({ Passing: z.number(), Warning: z.number() }),
    }),
    Checks: z.array(z.object({ CheckID: z.string(), Status: z.enum(['passing', 'warning', 'critical']) })),
  }),
);
type Entry = z.infer<typeof entries>[number];

/** Where Consul's own answers differ from what was registered: until they do not, no sidecar could be right. */
export async function differencesOfConsul(api: AgentApi, model: Model): Promise<readonly string[]> {
  const found = await Promise.all(SERVICES.map((service) => readService(api, service)));
  const actual = new Set(found.flat());
  const registered = model.seen().map((instance) => {
    const { node, id, address, port, weights, health, maintenance } = instance;
    const state = maintenance ? 'maintenance' : health;
    return `${node}/${id} ${address}:${port} ${weights.passing}/${weights.warning} ${state}`;
  });
  const expected = new Set(registered);
  return [
    ...registered.filter((line) => !actual.has(line)).map((line) => `Consul lacks ${line}`),
    ...[...actual].filter((line) => !expected.has(line)).map((line) => `Consul has ${line}`),
  ];
}

async function readService(api: AgentApi, service: string): Promise<readonly string[]> {
  const answer = entries.parse(await api.request('GET', `/v1/health/service/${service}`));
  return answer.map((entry) => {
    const { Node, Service } = entry;
    const weights = `${Service.Weights.Passing}/${Service.Weights.Warning}`;
    return `${Node.Node}/${Service.ID} ${Service.Address}:${Service.Port} ${weights} ${stateOf(entry)}`;
  });
}

function stateOf({ Checks }: Entry): string {
  if (Checks.some(({ CheckID }) => CheckID === '_node_maintenance' || CheckID.startsWith('_service_maintenance:')))
    return 'maintenance';
  const worst = (['critical', 'warning'] as const).find((status) => Checks.some(({ Status }) => Status === status));
  return worst ?? 'passing';
}
