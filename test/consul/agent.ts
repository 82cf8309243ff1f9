import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ConsulAgentOptions {
  /** More configuration, as HCL. */
  readonly hcl?: string;
  /** Sent with every request of this object. */
  readonly token?: string;
}

const READY_TRIES = 300;
const STOP_MS = 5_000;

/** A real Consul server on free loopback ports, ended with the test. */
export class ConsulAgent {
  readonly url: string;
  readonly #ports: Ports;
  readonly #options: ConsulAgentOptions;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  constructor(ports: Ports, folder: string, options: ConsulAgentOptions) {
    this.#ports = ports;
    this.#folder = folder;
    this.#options = options;
    this.url = `http://127.0.0.1:${ports.http}`;
  }

  async start(): Promise<void> {
    const { http, server, lan, wan } = this.#ports;
    const hcl = `ports { http = ${http} dns = -1 grpc = -1 grpc_tls = -1 server = ${server} serf_lan = ${lan} serf_wan = ${wan} }
      disable_update_check = true
      performance { raft_multiplier = 1 }
      ${this.#options.hcl ?? ''}`;
    const flags = [
      'agent',
      '-server',
      '-bootstrap-expect=1',
      '-bind=127.0.0.1',
      '-client=127.0.0.1',
      `-data-dir=${this.#folder}`,
      '-log-level=warn',
      '-hcl',
      hcl,
    ];
    this.#process = spawn(consulBinary(), flags, { stdio: 'ignore' });
    for (let attempt = 0; attempt < READY_TRIES; attempt += 1) {
      if (await this.#isReady()) return;
      await wait(100);
    }
    throw new Error(`Consul at ${this.url} did not come up`);
  }

  /** Registers an instance at the agent; `Checks` and all else in Consul's own names. */
  async register(
    service: { readonly ID: string; readonly Name: string } & Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.request('PUT', '/v1/agent/service/register', service);
  }

  async deregister(id: string): Promise<void> {
    await this.request('PUT', `/v1/agent/service/deregister/${encodeURIComponent(id)}`);
  }

  /** Sets a TTL check. */
  async setCheck(id: string, status: 'passing' | 'warning' | 'critical'): Promise<void> {
    await this.request('PUT', `/v1/agent/check/update/${encodeURIComponent(id)}`, { Status: status });
  }

  async maintenance(id: string, enable: boolean): Promise<void> {
    await this.request('PUT', `/v1/agent/service/maintenance/${encodeURIComponent(id)}?enable=${enable}`);
  }

  /** Writes an instance of another node straight to the catalog. */
  async catalog(entry: Readonly<Record<string, unknown>>): Promise<void> {
    await this.request('PUT', '/v1/catalog/register', entry);
  }

  async request(method: string, target: string, body?: unknown): Promise<unknown> {
    const { token } = this.#options;
    const answer = await fetch(this.url + target, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(token !== undefined && { headers: { 'X-Consul-Token': token } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await Promise.race([ended, wait(STOP_MS)]);
  }

  /** Stops and starts it again, with its data or without. */
  async restart(keepData: boolean): Promise<void> {
    await this.stop();
    if (!keepData) await rm(this.#folder, { recursive: true, force: true });
    await this.start();
  }

  async dispose(): Promise<void> {
    running.delete(this);
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    try {
      const leader = await fetch(`${this.url}/v1/status/leader`);
      if ((await leader.text()).trim().length <= 2) return false;
      const self = await fetch(`${this.url}/v1/catalog/services`);
      return self.status === 200 || self.status === 403;
    } catch {
      return false;
    }
  }
}

const running = new Set<ConsulAgent>();
process.once('exit', () => {
  for (const agent of running) agent.signal('SIGKILL');
});

export async function startConsul(options: ConsulAgentOptions = {}): Promise<ConsulAgent> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-agent-'));
  const [http, server, lan, wan] = await freePorts();
  const agent = new ConsulAgent({ http, server, lan, wan }, folder, options);
  running.add(agent);
  await agent.start();
  return agent;
}

interface Ports {
  readonly http: number;
  readonly server: number;
  readonly lan: number;
  readonly wan: number;
}

function consulBinary(): string {
  const script = fileURLToPath(new URL('../setup/consul.sh', import.meta.url));
  return process.env.CONSUL_BIN ?? execFileSync(script, { encoding: 'utf8' }).trim();
}

/** Held together until all are known, so that they differ. */
async function freePorts(): Promise<readonly [number, number, number, number]> {
  const servers = await Promise.all([openPort(), openPort(), openPort(), openPort()]);
  const [a, b, c, d] = servers.map(({ port }) => port);
  await Promise.all(servers.map(({ close }) => close()));
  return [a ?? 0, b ?? 0, c ?? 0, d ?? 0];
}

async function openPort(): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
