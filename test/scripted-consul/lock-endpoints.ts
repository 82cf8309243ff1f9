import type { Locks } from './locks.ts';

export interface LockCall {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly text: string;
}

export interface LockAnswer {
  readonly status: number;
  readonly body: string;
}

/** Plays `/v1/session/*` and the writing side of `/v1/kv/*`. Undefined when there is no such endpoint. */
export function changeLocks(locks: Locks, call: LockCall): LockAnswer | undefined {
  const [group = '', ...rest] = call.path;
  return group === 'session' ? session(locks, call, rest) : key(locks, call, rest.join('/'));
}

function session(locks: Locks, call: LockCall, [action = '', id = '']: readonly string[]): LockAnswer | undefined {
  switch (action) {
    case 'create':
      return json({ ID: locks.createSession(call.text === '' ? {} : JSON.parse(call.text)) });
    case 'info':
      return json(locks.session(id));
    case 'renew': {
      const found = locks.session(id);
      return found.length === 0 ? { status: 404, body: `Session id '${id}' not found` } : json(found);
    }
    case 'destroy':
      locks.endSession(id);
      return json(true);
    default:
      return undefined;
  }
}

function key(locks: Locks, { method, query, text }: LockCall, name: string): LockAnswer | undefined {
  if (method === 'DELETE') {
    locks.remove(name);
    return json(true);
  }
  if (method !== 'PUT') return undefined;
  const acquirer = query.get('acquire');
  if (acquirer !== null) {
    const isHeld = locks.acquire(name, text, acquirer);
    if (isHeld === undefined) return { status: 500, body: `raft apply failed: invalid session "${acquirer}"` };
    return json(isHeld);
  }
  const holder = query.get('release');
  if (holder !== null) return json(locks.release(name, text, holder));
  locks.put(name, text);
  return json(true);
}

function json(value: unknown): LockAnswer {
  return { status: 200, body: JSON.stringify(value) };
}
