import { z } from 'zod';
import type { Registrations } from './registrations.ts';

const checkUpdate = z.object({
  Status: z.enum(['passing', 'warning', 'critical']),
  Output: z.string().optional(),
});

export interface AgentCall {
  /** What follows `/v1/agent/`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly text: string;
}

export interface AgentAnswer {
  readonly status: number;
  readonly text: string;
  /** The services whose entries are others now. */
  readonly touched: readonly string[];
}

/** Plays a writing call of `/v1/agent`. Undefined when there is no such endpoint. */
export function changeAtAgent(registrations: Registrations, call: AgentCall): AgentAnswer | undefined {
  const touched = change(registrations, call);
  const [kind = '', , id] = call.path;
  if (touched === undefined) return undefined;
  if (touched.length > 0 || id === undefined) return { status: 200, text: '', touched };
  const text = `Unknown ${kind} ID "${id}". Ensure that the ${kind} ID is passed, not the ${kind} name.`;
  return { status: 404, text, touched };
}

function change(registrations: Registrations, call: AgentCall): readonly string[] | undefined {
  const [kind = '', action = '', id = ''] = call.path;
  const isEnabled = call.query.get('enable') === 'true';
  const reason = call.query.get('reason') ?? undefined;
  switch (`${kind}/${action}`) {
    case 'service/register':
      return registrations.register(JSON.parse(call.text));
    case 'service/deregister':
      return registrations.deregister(id);
    case 'service/maintenance':
      return registrations.setMaintenance(id, isEnabled, reason);
    case 'maintenance/':
      return registrations.setNodeMaintenance(isEnabled);
    case 'check/update': {
      const { Status, Output } = checkUpdate.parse(JSON.parse(call.text));
      return registrations.setCheck(id, Status, Output);
    }
    default:
      return undefined;
  }
}
