import type { ConsulClient } from './client.ts';

const TIMEOUT_MS = 3_000;

/** Whether Consul answers and knows a leader. Rejects only with the signal's reason. */
export async function hasLeader(client: ConsulClient, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await client.request({ path: '/status/leader', timeoutMs: TIMEOUT_MS }, signal);
    return answer.status !== 200 ? answer.status < 500 : answer.body.toString('utf8').trim() !== '""';
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
