import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AgentApi } from './agent-api.ts';
import { agentArgs, type ConsulAgentOptions, type Membership } from './agent-config.ts';
import { AgentProcess } from './agent-process.ts';
import { freePorts, type Ports } from './ports.ts';

const READY_MS = 30_000;
const POLL_MS = 50;
const START_TRIES = 3;
const ALONE: Membership = { node: 'server-1', servers: 1, join: [] };

/** Starts a real Consul server on free loopback ports and waits until it can be written to. */
export async function startConsul(options: ConsulAgentOptions = {}): Promise<ConsulAgent> {
  for (let attempt = 1; ; attempt += 1) {
    const [ports] = await freePorts(1);
    if (ports === undefined) throw new Error('no free ports');
    const agent = await createConsul(options, ALONE, ports);
    try {
      await agent.start();
      return agent;
    } catch (error) {
      const isPortTaken = agent.logTail().includes('address already in use');
      await agent.dispose();
      if (!isPortTaken || attempt === START_TRIES) throw error;
    }
  }
}

/** An agent that is not started yet. */
export async function createConsul(
  options: ConsulAgentOptions,
  member: Membership,
  ports: Ports,
): Promise<ConsulAgent> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-agent-'));
  const token = options.token ?? (options.acl === true ? randomUUID() : undefined);
  return new ConsulAgent({ ...options, ...(token !== undefined && { token }) }, member, { folder, ports });
}

/** A real Consul server. It ends with the test process; `dispose` ends it sooner and removes its files. */
export class ConsulAgent extends AgentApi {
  /** With the option `tls`; everything else goes over plain HTTP. */
  readonly httpsUrl: string;
  /** The same API on a unix socket, as `unix:///path`. */
  readonly socketAddr: string;
  readonly rpcAddress: string;
  readonly #args: readonly string[];
  readonly #folder: string;
  readonly #dataFolder: string;
  readonly #process: AgentProcess;

  constructor(
    options: ConsulAgentOptions,
    member: Membership,
    where: { readonly folder: string; readonly ports: Ports },
  ) {
    super(`http://127.0.0.1:${where.ports.http}`, options.token);
    const socketFile = path.join(where.folder, 'http.sock');
    this.httpsUrl = `https://127.0.0.1:${where.ports.https}`;
    this.socketAddr = `unix://${socketFile}`;
    this.rpcAddress = `127.0.0.1:${where.ports.server}`;
    this.#folder = where.folder;
    this.#dataFolder = path.join(where.folder, 'data');
    this.#process = new AgentProcess(path.join(where.folder, 'log'));
    this.#args = agentArgs({ ports: where.ports, dataFolder: this.#dataFolder, socketFile }, member, options);
  }

  async start(): Promise<void> {
    await mkdir(this.#dataFolder, { recursive: true });
    this.#process.start(this.#args);
    const untilMs = performance.now() + READY_MS;
    while (performance.now() < untilMs && this.#process.isRunning()) {
      if (await this.#isReady()) return;
      await wait(POLL_MS);
    }
    throw new Error(`Consul at ${this.url} did not come up:\n${this.logTail()}`);
  }

  isRunning(): boolean {
    return this.#process.isRunning();
  }

  /** Stops the process from running without ending it: connections stay open, nothing answers. */
  async freeze(): Promise<void> {
    await this.#process.freeze();
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  signal(name: NodeJS.Signals): void {
    this.#process.signal(name);
  }

  /** Kills it, as a crash would; its data stays. */
  async stop(): Promise<void> {
    await this.#process.stop();
  }

  /** Kills and starts it again on the same ports, with its data or as new. */
  async restart({ keepData }: { readonly keepData: boolean }): Promise<void> {
    await this.stop();
    if (!keepData) await rm(this.#dataFolder, { recursive: true, force: true });
    await this.start();
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The end of its log, to show when a test fails. */
  logTail(): string {
    return this.#process.logTail();
  }

  /** Ready means: a leader is known, and the leader has taken in its own node with its check. */
  async #isReady(): Promise<boolean> {
    try {
      const leader = await this.request('GET', '/v1/status/leader');
      const checks = await this.request('GET', '/v1/health/state/any');
      return leader !== '' && JSON.stringify(checks).includes('serfHealth');
    } catch {
      return false;
    }
  }
}
