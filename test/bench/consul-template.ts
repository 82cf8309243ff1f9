import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { SAID_IN_FULL } from './deck.ts';
import { serviceName } from './fleet.ts';
import type { Stage } from './stage.ts';

/** What decK writes and finds again. */
export const PEER_TAG = 'bench-peer';

/** `CONSUL_TEMPLATE_BIN`, else the one on the PATH; its version, or undefined when there is none. */
export function findConsulTemplate(): { readonly bin: string; readonly version: string } | undefined {
  const bin = process.env.CONSUL_TEMPLATE_BIN ?? 'consul-template';
  const { status, stdout, stderr } = spawnSync(bin, ['-v'], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return { bin, version: /v(\d+\.\d+\.\d+)/.exec(stdout + stderr)?.[1] ?? 'of unknown version' };
}

/** consul-template that renders the first `size` services as decK's file, and has decK write it whenever it is another. */
export class ConsulTemplate {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = '';

  constructor(bin: string, { folder, consul, kongUrl }: Stage, size: number) {
    const [template, rendered, config] = ['kong.tpl', 'kong.yml', 'peer.json'].map((name) => path.join(folder, name));
    if (template === undefined || rendered === undefined || config === undefined) throw new Error('three names');
    writeFileSync(template, templateOf(size));
    const command = ['deck', 'sync', '--kong-addr', kongUrl, '--state', rendered];
    writeFileSync(
      config,
      JSON.stringify({
        consul: { address: new URL(consul.url).host },
        template: [{ source: template, destination: rendered, command, command_timeout: '120s' }],
      }),
    );
    // Without `wait` it renders at once: nothing that it could be told would make it faster.
    this.#child = spawn(bin, ['-config', config], {
      env: { ...process.env, DECK_ANALYTICS: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-4_000);
      });
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
  }

  /** @throws when it has ended by itself, with what it said last */
  check(): void {
    if (this.#child.exitCode !== null) throw new Error(`consul-template has ended: ${this.#output}`);
  }

  async stop(): Promise<void> {
    // It does not end by SIGTERM.
    this.#child.kill('SIGINT');
    await this.#ended;
  }
}

function templateOf(size: number): string {
  const head = `_format_version: "3.0"\n_info:\n  select_tags: [${PEER_TAG}]\nupstreams:\n`;
  // JSON is YAML, on one line.
  const settings = Object.entries(SAID_IN_FULL)
    .map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`)
    .join('');
  const upstream = `- name: ${serviceName(0).replace(/0$/, '{{$at}}')}\n${settings}  targets:\n`;
  const target = `  - {target: "{{.Address}}:{{.Port}}", weight: {{.Weights.Passing}}}\n`;
  const instances = `{{range service (printf "${serviceName(0).replace(/0$/, '%d')}" $at)}}${target}{{end}}`;
  return `${head}{{range $at := loop ${size}}}${upstream}${instances}{{end}}`;
}
