import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileBindings, OWNER } from './bound.ts';
import { type ConsulSide, type Setting, startConsulSide } from './consul-side.ts';
import { differencesOfConsul } from './consul-truth.ts';
import { type KongSide, startKongSide } from './kong-side.ts';
import { Life } from './life.ts';
import { Model } from './model.ts';
import type { Random } from './random.ts';
import { Registry } from './registry.ts';
import type { Results } from './results.ts';
import { Sidecar } from './sidecar.ts';

export interface SceneOptions {
  readonly setting: Setting;
  readonly random: Random;
  readonly results: Results;
  /** From the end of a fault to the right state. */
  readonly limitMs: number;
  /** What is true for less long may not have reached the sidecar yet. */
  readonly leewayMs: number;
  readonly longestOutageMs: number;
}

/** The guard waits as the README says, but not as long: a campaign has no half hour for each fault. */
const GRACE_SECONDS = 2;
const HOLD_SECONDS = 1;
/** Of requests to Kong. */
export const TIMEOUT_SECONDS = 2;
const GIVE_UP_MS = 60_000;
const CONSUL_GIVE_UP_MS = 60_000;
const QUIET_MS = 150;
const QUIET_WITHIN_MS = 5_000;
const POLL_MS = 10;

/** Everything there is: Consul, Kong, the sidecar between them, and what they should say. */
export class Scene {
  readonly options: SceneOptions;
  readonly random: Random;
  readonly model: Model;
  readonly consul: ConsulSide;
  readonly registry: Registry;
  readonly life: Life;
  readonly kong: KongSide;
  readonly sidecar: Sidecar;
  readonly #folder: string;

  constructor(
    options: SceneOptions,
    parts: {
      readonly model: Model;
      readonly consul: ConsulSide;
      readonly kong: KongSide;
      readonly sidecar: Sidecar;
      readonly folder: string;
    },
  ) {
    const { model, consul } = parts;
    this.options = options;
    this.random = options.random;
    this.model = model;
    this.consul = consul;
    this.kong = parts.kong;
    this.sidecar = parts.sidecar;
    this.#folder = parts.folder;
    this.registry = new Registry(model, () => consul.writable);
    const { random, registry } = this;
    this.life = new Life({ random, model, registry, withAgentNode: options.setting === 'alone' });
  }

  /**
   * Waits until Kong is as it should be and measures how long that takes, from when Consul itself tells what was
   * registered, and the sidecar runs: before that nobody could know.
   * @throws when it never comes right
   */
  async recovers(): Promise<void> {
    const { results, limitMs } = this.options;
    await Promise.all([this.#consulIsRight(), this.sidecar.isUp()]);
    const startMs = performance.now();
    while (this.kong.differences().length > 0) {
      if (performance.now() - startMs > GIVE_UP_MS)
        throw new Error(`never right: ${this.kong.differences().join('; ')}`);
      await wait(POLL_MS);
    }
    const tookMs = performance.now() - startMs;
    results.recovered(tookMs);
    if (tookMs > limitMs) results.find({ kind: 'other', what: `right after ${Math.round(tookMs)} ms only` });
    await this.#staysQuiet();
    this.kong.checkForeign();
    await this.kong.seedGuest();
  }

  async dispose(): Promise<void> {
    await this.sidecar.kill();
    await Promise.all([this.consul.dispose(), this.kong.double.stop()]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #consulIsRight(): Promise<void> {
    const untilMs = performance.now() + CONSUL_GIVE_UP_MS;
    for (;;) {
      const wrong = await differencesOfConsul(this.consul.own, this.model).catch((error: unknown) => [String(error)]);
      if (wrong.length === 0) return;
      if (performance.now() > untilMs) throw new Error(`Consul does not tell what was registered: ${wrong.join('; ')}`);
      await wait(POLL_MS);
    }
  }

  /** What is right is left alone, once the sidecar knows: it may have to ask again what an answer that was lost said. */
  async #staysQuiet(): Promise<void> {
    const { double } = this.kong;
    const untilMs = performance.now() + QUIET_WITHIN_MS;
    do {
      double.clearRequests();
      await wait(QUIET_MS);
    } while (double.writes().length > 0 && performance.now() < untilMs);
    for (const { method, path: to, status } of double.writes())
      this.options.results.find({ kind: 'other', what: `writes on although all is right: ${method} ${to}, ${status}` });
  }
}

export async function startScene(options: SceneOptions): Promise<Scene> {
  const model = new Model();
  const { results, leewayMs } = options;
  const consul = await startConsulSide(options.setting);
  const kong = await startKongSide({ model, leewayMs, emptyGraceMs: GRACE_SECONDS * 1000, find: results.find });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-chaos-'));
  const config = path.join(folder, 'kong-consul.yml');
  await writeFile(config, JSON.stringify(configOf(consul, kong)));
  const sidecar = new Sidecar(['--config', config], (how) =>
    results.find({ kind: 'other', what: `the sidecar ended: ${how}` }),
  );
  const scene = new Scene(options, { model, consul, kong, sidecar, folder });
  await scene.life.populate();
  sidecar.start();
  await scene.recovers();
  return scene;
}

/** All but the guard's times and the time-out is as it is by default. */
function configOf(consul: ConsulSide, kong: KongSide): unknown {
  return {
    owner: OWNER,
    consul: { addr: consul.own.url, token: consul.token.id },
    kong: { admin_url: kong.double.adminUrl, timeout_seconds: TIMEOUT_SECONDS },
    empty_grace_seconds: GRACE_SECONDS,
    hold_seconds: HOLD_SECONDS,
    upstreams: fileBindings(),
    log: { level: 'debug' },
  };
}
