import type { ServerResponse } from 'node:http';

const DEFAULT_WAIT_MS = 300_000;
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Consul's index: it goes up with each change, and a change wakes whoever waits for one. */
export class ChangeIndex {
  readonly #waiting = new Set<() => void>();
  #value = 10;

  get value(): number {
    return this.#value;
  }

  advance(): number {
    this.#value += 1;
    return this.#value;
  }

  /** Lets everybody look again. */
  wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves when woken, at that time, or when the caller has gone away. */
  async change(untilMs: number, response: ServerResponse): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        response.off('close', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(1, untilMs - performance.now()));
      this.#waiting.add(wake);
      response.once('close', wake);
    });
  }
}

/** How a query wants to block. Without an index it does not. */
export interface Blocking {
  readonly index: number;
  readonly untilMs: number;
}

/** @throws Error with Consul's own words */
export function parseBlocking(query: URLSearchParams): Blocking {
  const index = Number(query.get('index') ?? '0');
  if (!Number.isSafeInteger(index) || index < 0) throw new Error('Invalid index');
  const waitMs = parseDuration(query.get('wait'));
  return { index, untilMs: performance.now() + (index > 0 ? waitMs : 0) };
}

/** A duration in Go's words, one unit of it: `300ms`, `10s`, `5m`. */
function parseDuration(text: string | null): number {
  if (text === null) return DEFAULT_WAIT_MS;
  const [, amount = '', unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = Object.entries(UNITS).find(([name]) => name === unit)?.[1];
  if (factor === undefined) throw new Error('Invalid wait time');
  return Number(amount) * factor;
}
