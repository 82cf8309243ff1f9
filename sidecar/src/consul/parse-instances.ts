import { z } from 'zod';
import type { CheckStatus, Instance } from '../core/instance.ts';

/** An entry that could not be read: it is left out, counted and shown. */
export interface MalformedEntry {
  readonly position: number;
  readonly why: string;
}

const port = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? 0);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const tags = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

/** An agent knows three; the catalog keeps whatever was registered, and Consul itself counts all others as not passing. */
const status = z
  .string()
  .transform((value): CheckStatus => (value === 'passing' || value === 'warning' ? value : 'critical'));

const check = z
  .object({ CheckID: z.string(), Name: text, Status: status, Output: text })
  .transform((raw) => ({ id: raw.CheckID, name: raw.Name, status: raw.Status, output: raw.Output }));

const taggedAddress = z
  .object({ Address: text, Port: port })
  .transform((raw) => ({ address: raw.Address, port: raw.Port }));

// What most instances have is one object for all of them, for there are many.
const NO_TAGS: Instance['tags'] = [];
const NO_ADDRESSES: Instance['taggedAddresses'] = {};
const NO_CHECKS: Instance['checks'] = [];
const USUAL_WEIGHTS: Instance['weights'] = { passing: 1, warning: 1 };

function weightsOf(passing = 1, warning = 1): Instance['weights'] {
  return passing === 1 && warning === 1 ? USUAL_WEIGHTS : { passing, warning };
}

const weight = z.number().int().min(0).max(65_535);

const entry = z
  .object({
    Node: z.object({ Node: z.string().min(1), Address: text }),
    Service: z.object({
      ID: z.string().min(1),
      Service: text,
      Tags: tags,
      Address: text,
      Port: port,
      TaggedAddresses: z.record(z.string(), taggedAddress).nullish(),
      Weights: z.object({ Passing: weight.default(1), Warning: weight.default(1) }).nullish(),
    }),
    Checks: z.array(check).nullish(),
  })
  .transform(
    ({ Node: node, Service: service, Checks: checks }): Instance => ({
      node: node.Node,
      id: service.ID,
      service: service.Service,
      tags: service.Tags.length === 0 ? NO_TAGS : service.Tags,
      nodeAddress: node.Address,
      serviceAddress: service.Address,
      taggedAddresses: service.TaggedAddresses ?? NO_ADDRESSES,
      port: service.Port,
      weights: weightsOf(service.Weights?.Passing, service.Weights?.Warning),
      checks: checks ?? NO_CHECKS,
    }),
  );

/** Reads each entry for itself: one that is malformed never drops its service. */
export function parseInstances(list: readonly unknown[]): {
  readonly instances: readonly Instance[];
  readonly malformed: readonly MalformedEntry[];
} {
  const instances: Instance[] = [];
  const malformed: MalformedEntry[] = [];
  for (const [position, item] of list.entries()) {
    const result = entry.safeParse(item);
    if (result.success) instances.push(result.data);
    else malformed.push({ position, why: describe(result.error) });
  }
  return { instances, malformed };
}

/** Keys are Consul's, and as long as somebody made them. */
const MAX_PATH = 200;

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${(issue?.path.join('.') ?? '').slice(0, MAX_PATH)}: ${(issue?.message ?? 'unreadable').slice(0, MAX_PATH)}`;
}
