import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** From the source, and from where `tsc -p tsconfig.tools.json` puts this file. */
const PLACES = ['../../dist/main.js', '../../../dist/main.js'];

/** The built program as a process of its own, running `run`. */
export class Sidecar {
  readonly #args: readonly string[];
  readonly #onUnexpectedEnd: (how: string) => void;
  #log = '';
  #child: ChildProcess | undefined;
  #speaks: Promise<unknown> = Promise.resolve();

  constructor(args: readonly string[], onUnexpectedEnd: (how: string) => void) {
    this.#args = ['run', '--listen', 'off', ...args];
    this.#onUnexpectedEnd = onUnexpectedEnd;
  }

  start(): void {
    const child = spawn(process.execPath, [programFile(), ...this.#args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
    });
    const endWithUs = () => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    child.once('exit', (code, signal) => {
      process.removeListener('exit', endWithUs);
      if (this.#child === child) this.#onUnexpectedEnd(`code ${code}, signal ${signal}`);
    });
    child.stderr.on('data', (chunk) => {
      this.#log += String(chunk);
    });
    this.#speaks = Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
    this.#child = child;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Kills it at once: when this returns it will do nothing any more. */
  killNow(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, 'exit');
    this.killNow();
    await ended;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Resolves when it runs: when it has said something, or has ended. */
  async isUp(): Promise<void> {
    await this.#speaks;
  }

  /** What it logged since this was last asked. */
  takeLog(): string {
    const log = this.#log;
    this.#log = '';
    return log;
  }
}

function programFile(): string {
  const found = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (found === undefined) throw new Error('dist/main.js is not there: npm run build');
  return found;
}
