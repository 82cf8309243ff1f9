import { z } from 'zod';
import type { ConsulClient } from './client.ts';
import { Lock, parseAnswer } from './lock.ts';

const sessions = z.array(z.object({ ID: z.string(), Name: z.string().nullish() }));

/** Sidecars in the election for a lock, by their sessions. */
export interface Contenders {
  readonly count: number;
  /** How the one that leads calls itself. */
  readonly leader: string | undefined;
}

/**
 * Undefined when the token may not see sessions.
 * @throws ConsulRequestError, LockError when it may not see the lock, or when an answer is something else
 */
export async function readContenders(
  client: ConsulClient,
  key: string,
  signal: AbortSignal,
): Promise<Contenders | undefined> {
  const answer = await client.request({ path: '/session/list', local: true }, signal);
  if (answer.status !== 200) return undefined;
  const all = parseAnswer(sessions, answer, 'its sessions');
  const ours = all.filter(({ Name: name }) => name === key);
  if (ours.length === 0) return { count: 0, leader: undefined };
  const { session, holder } = await new Lock(client, key).read(0n, 0, signal);
  return { count: ours.length, leader: session === undefined ? undefined : holder };
}
