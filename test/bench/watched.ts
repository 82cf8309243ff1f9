import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const line = z.object({
  upstream: z.string().optional(),
  target: z.string().optional(),
  kind: z.enum(['POST', 'DELETE']).optional(),
  url: z.string().optional(),
  msg: z.string().optional(),
  heapMb: z.number().optional(),
  cpuMs: z.number().optional(),
  allocatedKb: z.number().optional(),
  resources: z.record(z.string(), z.number()).optional(),
});
export type Said = z.infer<typeof line>;

const GIVE_UP_MS = 180_000;

/** A running program whose lines of JSON on stderr tell what it has done. */
export class Watched {
  readonly #child: ChildProcess;
  readonly #waiting = new Set<(said: Said) => void>();
  readonly #ended: Promise<void>;
  targets = 0;

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    const { stderr } = this.#child;
    if (stderr === null) throw new Error('no stderr');
    createInterface({ input: stderr }).on('line', (text) => this.#hear(text));
  }

  /** Resolves with the time at which a line was heard that fits. */
  async says(fits: (said: Said) => boolean): Promise<{ readonly atMs: number; readonly said: Said }> {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('it took too long')), GIVE_UP_MS);
      const hear = (said: Said) => {
        if (!fits(said)) return;
        clearTimeout(timer);
        this.#waiting.delete(hear);
        resolve({ atMs: performance.now(), said });
      };
      this.#waiting.add(hear);
    });
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** CPU time so far, in ms. Linux only. */
  cpuMs(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** Resident memory. Linux only. */
  memoryMb(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  }

  #hear(text: string): void {
    const said = text.startsWith('{') ? line.parse(JSON.parse(text)) : {};
    if (hasAdded(said)) this.targets += 1;
    if (!text.startsWith('{')) process.stderr.write(`${text}\n`);
    for (const hear of [...this.#waiting]) hear(said);
  }
}

/** Kong has answered: it holds the target. */
export function hasAdded({ kind, msg }: Said): boolean {
  return kind === 'POST' || msg === 'target added';
}

/** Kong has answered: the target is gone. */
export function hasRemoved({ kind, msg }: Said): boolean {
  return kind === 'DELETE' || msg === 'target removed';
}
