import { setTimeout as sleep } from 'node:timers/promises';
import type Consul from 'consul';
import { z } from 'zod';

/** What Consul is told about an instance. */
export interface Registration {
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly port: number;
}

/** A registration, its state now, and where to say what happens to it. */
export interface KeptRegistration {
  readonly consul: Consul;
  readonly registration: Registration;
  readonly isWell: () => boolean;
  readonly log: (line: string) => void;
}

const LOOK_AGAIN_MS = 3_000;
const RETRY_MS = 1_000;
const services = z.record(z.string(), z.object({ Address: z.string(), Port: z.number() }));

/** Of the three that tell instances apart, so that a restarted one takes its own place again. */
export function instanceId(service: string, host: string, port: number): string {
  return `${service}-${host}-${port}`;
}

/**
 * Registers, until the signal; then deregisters. Again when Consul has forgotten, as a restarted development agent has, or
 * knows another address: a restarted container may have got a new one, and another container its old one.
 */
export async function keepRegistered(kept: KeptRegistration, signal: AbortSignal): Promise<void> {
  let isDone = true;
  while (!signal.aborted) {
    isDone = await registerOnce(kept, isDone);
    await sleep(isDone ? LOOK_AGAIN_MS : RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
  await deregister(kept);
}

async function registerOnce(kept: KeptRegistration, wasDone: boolean): Promise<boolean> {
  const { consul, registration, isWell, log } = kept;
  const { id, service, address, port } = registration;
  try {
    const known = services.parse(await consul.agent.service.list())[id];
    if (known?.Address === address && known.Port === port) return true;
    await consul.agent.service.register({
      id,
      name: service,
      address,
      port,
      check: {
        name: `${service} answers on /health`,
        http: `http://${address}:${port}/health`,
        interval: '10s',
        timeout: '5s',
        // It listens before it registers: no need to wait for the first check.
        status: isWell() ? 'passing' : 'critical',
        // For one that was killed and could not deregister; Consul allows no less than a minute.
        deregistercriticalserviceafter: '1m',
      },
    });
    log(`registered ${id} at ${address}:${port}`);
    return true;
  } catch (error) {
    if (wasDone) log(`Consul did not take the registration, trying again: ${reason(error)}`);
    return false;
  }
}

async function deregister({ consul, registration, log }: KeptRegistration): Promise<void> {
  try {
    await consul.agent.service.deregister(registration.id);
    log(`deregistered ${registration.id}`);
  } catch (error) {
    log(`could not deregister, Consul's check will: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
