import os from 'node:os';
import { z } from 'zod';

/** What the environment says about this instance. */
export interface Settings {
  readonly consulAddr: string;
  readonly consulToken: string | undefined;
  readonly service: string;
  /** Where Consul and Kong reach this instance. */
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
}

const environment = z.object({
  CONSUL_HTTP_ADDR: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8500'),
  CONSUL_HTTP_TOKEN: z.string().min(1).optional(),
  SERVICE_NAME: z.string().min(1).default('my-service'),
  SERVICE_ADDRESS: z.string().min(1).optional(),
  SERVICE_PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
});

/** @throws ZodError when a variable makes no sense */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = environment.parse(env);
  return {
    consulAddr: given.CONSUL_HTTP_ADDR,
    consulToken: given.CONSUL_HTTP_TOKEN,
    service: given.SERVICE_NAME,
    address: given.SERVICE_ADDRESS ?? ownAddress(),
    port: given.SERVICE_PORT,
    host: os.hostname(),
  };
}

/** The container's address on its network; loopback on a machine without one. */
function ownAddress(): string {
  const addresses = Object.values(os.networkInterfaces()).flatMap((found) => found ?? []);
  const outside = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return outside?.address ?? '127.0.0.1';
}
