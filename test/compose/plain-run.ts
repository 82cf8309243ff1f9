import { type ChildProcess, spawn } from 'node:child_process';
import type { PlainImage } from './plain-build.ts';

/** A program of an image that runs. */
export interface PlainContainer {
  readonly process: ChildProcess;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly output: () => string;
}

/** What to run besides what the image says: `command` replaces CMD. */
export interface RunOptions {
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts what a container would, from the image's folder and with its environment alone. */
export function startContainer(
  image: PlainImage,
  { command = image.command, env = {} }: RunOptions = {},
): PlainContainer {
  return start(image, [...image.entrypoint, ...command], env);
}

/** Runs a command in the image, as a health check is run. */
export function runInside(image: PlainImage, command: readonly string[]): Promise<number | NodeJS.Signals | null> {
  return start(image, command, {}).ended;
}

function start(image: PlainImage, command: readonly string[], env: Readonly<Record<string, string>>): PlainContainer {
  const PATH = imagePath(image);
  const child = spawn('env', [...command], {
    cwd: image.workFolder,
    env: { ...image.env, ...env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += String(chunk);
    });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  return { process: child, ended, output: () => output };
}

/** Folders of the image in front, then this machine's. */
function imagePath({ env, root }: PlainImage): string {
  const own = (env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return [...own.map((folder) => root + folder), process.env.PATH ?? ''].join(':');
}
