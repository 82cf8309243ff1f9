import { randomUUID } from 'node:crypto';
import { z } from 'zod';

const sessionFields = z.object({ Name: z.string().default(''), TTL: z.string().default('') });

interface Key {
  readonly value: string;
  readonly session: string | undefined;
  readonly lockIndex: number;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** Sessions and the keys they lock: just enough for a leader election. Sessions end only when told to. */
export class Locks {
  readonly #advance: () => number;
  readonly #sessions = new Map<string, z.infer<typeof sessionFields>>();
  readonly #keys = new Map<string, Key>();

  /** @param advance gives each change its index */
  constructor(advance: () => number) {
    this.#advance = advance;
  }

  createSession(body: unknown): string {
    const id = randomUUID();
    this.#sessions.set(id, sessionFields.parse(body));
    return id;
  }

  /** As `/v1/session/info` and `/v1/session/renew` give it: none or one. */
  session(id: string): readonly unknown[] {
    const fields = this.#sessions.get(id);
    return fields === undefined ? [] : [{ ID: id, ...fields, Behavior: 'release' }];
  }

  /** Ends a session, by its owner or because its TTL is over, and frees what it locked. */
  endSession(id: string): void {
    this.#sessions.delete(id);
    for (const [name, { value, session }] of this.#keys) if (session === id) this.#put(name, value, undefined);
  }

  /** Undefined when there is no such session; false when another one has the lock. */
  acquire(name: string, value: string, session: string): boolean | undefined {
    if (!this.#sessions.has(session)) return undefined;
    const holder = this.#keys.get(name)?.session;
    if (holder !== undefined && holder !== session) return false;
    this.#put(name, value, session);
    return true;
  }

  release(name: string, value: string, session: string): boolean {
    if (this.#keys.get(name)?.session !== session) return false;
    this.#put(name, value, undefined);
    return true;
  }

  put(name: string, value: string): void {
    this.#put(name, value, this.#keys.get(name)?.session);
  }

  remove(name: string): void {
    this.#keys.delete(name);
    this.#advance();
  }

  /** As `GET /v1/kv/:key` gives it, with the key's index. */
  read(name: string): { readonly index: number; readonly body: unknown } | undefined {
    const key = this.#keys.get(name);
    if (key === undefined) return undefined;
    const body = {
      LockIndex: key.lockIndex,
      Key: name,
      Flags: 0,
      Value: Buffer.from(key.value).toString('base64'),
      ...(key.session !== undefined && { Session: key.session }),
      CreateIndex: key.createIndex,
      ModifyIndex: key.modifyIndex,
    };
    return { index: key.modifyIndex, body: [body] };
  }

  #put(name: string, value: string, session: string | undefined): void {
    const old = this.#keys.get(name);
    const modifyIndex = this.#advance();
    const isNewLock = session !== undefined && session !== old?.session;
    this.#keys.set(name, {
      value,
      session,
      lockIndex: (old?.lockIndex ?? 0) + (isNewLock ? 1 : 0),
      createIndex: old?.createIndex ?? modifyIndex,
      modifyIndex,
    });
  }
}
