import { setTimeout as wait } from 'node:timers/promises';

const EVERY_MS = 10;
const GIVE_UP_MS = 60_000;

/** Resolves when the check no longer throws; rejects with its last error after a long time. */
export async function eventually(check: () => void | Promise<void>, giveUpMs = GIVE_UP_MS): Promise<void> {
  const untilMs = Date.now() + giveUpMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > untilMs) throw error;
      await wait(EVERY_MS);
    }
  }
}
