import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ConsulAgent, startConsul } from '../consul/agent.ts';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { Fleet, serviceName } from './fleet.ts';
import { Watched } from './watched.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const PROBE = fileURLToPath(new URL('./probe.js', import.meta.url));
const FLOOR = fileURLToPath(new URL('./floor.js', import.meta.url));
/** More than any size needs, and less than the files that a process may open. */
const NO_LIMIT = 10_000;
/** A measurement's own question. */
const LOOK = /\/targets\/[^/]+:\d+$/;
const MAX_BUFFER = 256 * 1024 * 1024;
const run = promisify(execFile);

/** A real Consul, a Kong, and the built program between them. */
export class Stage {
  readonly consul: ConsulAgent;
  readonly fleet: Fleet;
  readonly kongUrl: string;
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'kong-consul-bench-'));
  readonly #double: KongDouble | undefined;
  readonly #programs: Watched[] = [];

  private constructor(consul: ConsulAgent, double: KongDouble | undefined, kongUrl: string) {
    this.consul = consul;
    this.fleet = new Fleet(consul.url);
    this.#double = double;
    this.kongUrl = kongUrl;
  }

  /** @param kongUrl a real Kong's Admin API; the double without it. @param maxConnections Consul's limit for one client */
  static async open(kongUrl: string | undefined, maxConnections = NO_LIMIT): Promise<Stage> {
    const consul = await startConsul({ maxConnectionsPerClient: maxConnections });
    if (kongUrl !== undefined) return new Stage(consul, undefined, kongUrl);
    const double = await startKongDouble();
    return new Stage(consul, double, double.adminUrl);
  }

  /** What the double has been asked so far, but for looks at a single target; undefined of a real Kong. */
  kongCounts(): { readonly writes: number; readonly reads: number } | undefined {
    if (this.#double === undefined) return undefined;
    const writes = this.#double.writes().length;
    const looks = this.#double.requests.filter(({ path: asked }) => LOOK.test(asked)).length;
    return { writes, reads: this.#double.requests.length - writes - looks };
  }

  /** Ends what still runs, which would fill Kong again, and leaves Kong as it was. */
  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    await this.cleanUp();
    await this.#double?.stop();
    await this.consul.dispose();
    rmSync(this.folder, { recursive: true });
  }

  /** A sidecar that follows the first `size` services, once all their targets are in Kong. */
  async follow(size: number, targets: number, ...flags: readonly string[]): Promise<Sidecar> {
    const listen = ['--listen', '127.0.0.1:0', '--log-level', 'info'];
    const sidecar = new Sidecar([
      '--expose-gc',
      '--import',
      PROBE,
      MAIN,
      'run',
      ...listen,
      ...this.flags(size),
      ...flags,
    ]);
    this.#programs.push(sidecar);
    const served = sidecar.says(({ url }) => url !== undefined);
    const filled = sidecar.says(() => sidecar.targets >= targets);
    sidecar.url = (await served).said.url ?? '';
    await filled;
    return sidecar;
  }

  /** The floor: a program that does nothing but what must be done, for one service. */
  floor(service: number, upstream: string): Watched {
    const floor = new Watched([FLOOR, this.consul.url, this.kongUrl, serviceName(service), upstream]);
    this.#programs.push(floor);
    return floor;
  }

  /** Runs a command over the first `size` services to its end. */
  async command(args: readonly string[], size: number): Promise<{ readonly ms: number; readonly stdout: string }> {
    return await timed(process.execPath, [MAIN, ...args, ...this.flags(size), '--log-level', 'error']);
  }

  async cleanUp(): Promise<void> {
    await run(process.execPath, [MAIN, 'cleanup', '--yes', ...this.flags(0)]);
  }

  flags(size: number): readonly string[] {
    const config = path.join(this.folder, `${size}.yml`);
    const upstreams = Array.from({ length: size }, (_, at) => `  ${serviceName(at)}: {}\n`).join('');
    writeFileSync(config, size === 0 ? '' : `upstreams:\n${upstreams}`);
    return ['--config', config, '--owner', 'bench', '--consul-addr', this.consul.url, '--kong-admin-url', this.kongUrl];
  }
}

export class Sidecar extends Watched {
  url = '';

  /** The sum of all series of one metric, 0 when there is none. */
  async metric(name: string, label = ''): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text.split('\n').filter((line) => /^[{ ]/.test(line.slice(name.length)) && line.startsWith(name));
    return lines.filter((line) => line.includes(label)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
}

/** Runs a program to its end. Differences are no failure: `diff` ends with 2. */
export async function timed(
  program: string,
  args: readonly string[],
): Promise<{ readonly ms: number; readonly stdout: string }> {
  const startMs = performance.now();
  const stdout = await run(program, args, { maxBuffer: MAX_BUFFER }).then(
    (done) => done.stdout,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 2 && 'stdout' in error)
        return String(error.stdout);
      throw error;
    },
  );
  return { ms: performance.now() - startMs, stdout };
}
