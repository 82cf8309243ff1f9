import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { consulBinary } from './binary.ts';

const LOG_TAIL = 2_000;

/** A consul process that writes to a log file and ends with this process, however this process ends. */
export class AgentProcess {
  readonly #logFile: string;
  #child: ChildProcess | undefined;
  #warden: ChildProcess | undefined;

  constructor(logFile: string) {
    this.#logFile = logFile;
  }

  start(args: readonly string[]): void {
    const log = openSync(this.#logFile, 'a');
    const child = spawn(consulBinary(), args, { stdio: ['ignore', log, log] });
    closeSync(log);
    const warden = spawnWarden(child);
    child.once('exit', () => warden.kill('SIGKILL'));
    child.unref();
    this.#child = child;
    this.#warden = warden;
  }

  isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    if (this.isRunning()) this.#child?.kill(name);
  }

  /** Stops all of its threads. A signal alone reaches those on another processor a little later. */
  async freeze(): Promise<void> {
    this.signal('SIGSTOP');
    const tasks = `/proc/${this.#child?.pid}/task`;
    while (this.isRunning() && !readdirSync(tasks).every((task) => isStopped(`${tasks}/${task}/stat`))) await wait(1);
  }

  /** Kills it at once, frozen or not. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning()) return;
    const exit = once(child, 'exit');
    child.ref();
    child.kill('SIGKILL');
    await exit;
    this.#warden?.kill('SIGKILL');
  }

  /** The end of what it logged. */
  logTail(): string {
    return readFileSync(this.#logFile, 'utf8').slice(-LOG_TAIL);
  }
}

/** A thread that has just ended is stopped too. */
function isStopped(statFile: string): boolean {
  if (!existsSync(statFile)) return true;
  return /\) [TZX] /.test(readFileSync(statFile, 'utf8'));
}

/** A shell that waits for the end of its input, which comes with our own end, and then kills the agent. */
function spawnWarden(child: ChildProcess): ChildProcess {
  const script = 'read -r _; kill -9 "$0" 2>/dev/null';
  const warden = spawn('sh', ['-c', script, String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  warden.unref();
  if (warden.stdin !== null && 'unref' in warden.stdin && typeof warden.stdin.unref === 'function')
    warden.stdin.unref();
  return warden;
}
