import { send } from './floor.ts';

/** Registers `count` services of `size` instances each, straight in the catalog. */
export async function registerFleet(consulUrl: string, from: number, count: number, size: number): Promise<void> {
  const tasks = Array.from({ length: count }, (_, at) => at + from);
  const workers = Array.from({ length: 16 }, async () => {
    for (let at = tasks.pop(); at !== undefined; at = tasks.pop()) {
      for (let instance = 0; instance < size; instance += 1) await put(consulUrl, at, instance);
    }
  });
  await Promise.all(workers);
}

export function serviceName(at: number): string {
  return `bench-${at}`;
}

export async function put(consulUrl: string, service: number, instance: number): Promise<void> {
  await send('PUT', `${consulUrl}/v1/catalog/register`, {
    Node: `node-${instance}`,
    Address: `10.${instance}.0.1`,
    SkipNodeUpdate: true,
    Service: {
      ID: `${serviceName(service)}-${instance}`,
      Service: serviceName(service),
      Address: `10.${instance}.${service >> 8}.${service & 255}`,
      Port: 80,
    },
  });
}

export async function drop(consulUrl: string, service: number, instance: number): Promise<void> {
  await send('PUT', `${consulUrl}/v1/catalog/deregister`, {
    Node: `node-${instance}`,
    ServiceID: `${serviceName(service)}-${instance}`,
  });
}
