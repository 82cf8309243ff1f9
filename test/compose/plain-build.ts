import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from './compose-file.ts';
import { allowedPaths, type Instruction, parseDockerfile, type Stage } from './dockerfile.ts';

/** What a container of an image would run, with its files in a plain folder. */
export interface PlainImage {
  /** Stands for `/`. */
  readonly root: string;
  readonly workFolder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[] | undefined;
}

const words = z.array(z.string());
const RUN_MS = 180_000;

/**
 * Carries out the steps of Dockerfiles without an engine: each stage's file system is a folder, each RUN a shell in its
 * working folder, and the context holds only what .dockerignore lets through. The base image is this machine. As in an engine,
 * steps that begin alike are carried out once.
 */
export class PlainBuilder {
  readonly #folder: string;
  readonly #layers = new Map<string, string>();
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws when a step fails, is unknown, or copies what is not there */
  async build(dockerfile: string): Promise<PlainImage> {
    const context = this.#newFolder('context');
    for (const allowed of allowedPaths(await readFile(path.join(ROOT, '.dockerignore'), 'utf8')))
      await cp(path.join(ROOT, allowed), path.join(context, allowed), { recursive: true });
    const sources = new Map([['', context]]);
    let image: Build | undefined;
    for (const stage of parseDockerfile(await readFile(path.join(ROOT, dockerfile), 'utf8'))) {
      image = await this.#buildStage(stage, sources);
      sources.set(stage.name ?? dockerfile, image.root);
    }
    if (image === undefined) throw new Error(`${dockerfile} has no stage`);
    return image;
  }

  async #buildStage(stage: Stage, sources: ReadonlyMap<string, string>): Promise<Build> {
    const build = emptyBuild(this.#newFolder('stage'));
    await mkdir(build.root);
    let history = stage.base;
    for (const instruction of stage.instructions) {
      history += `\n${instruction.name} ${instruction.rest}`;
      if (instruction.name === 'RUN') await this.#run(instruction.rest, build, history);
      else if (instruction.name === 'COPY') await copy(instruction.rest, build, sources);
      else await note(instruction, build);
    }
    return build;
  }

  /** npm takes from its cache what it has: the same packages were installed for these tests before. */
  async #run(command: string, build: Build, history: string): Promise<void> {
    const known = this.#layers.get(history);
    if (known !== undefined) {
      await rm(build.root, { recursive: true });
      await linkTree(known, build.root);
      return;
    }
    const env = { ...process.env, npm_config_prefer_offline: 'true' };
    await promisify(execFile)('sh', ['-ec', command], { cwd: build.workFolder, env, timeout: RUN_MS });
    const layer = this.#newFolder('layer');
    await linkTree(build.root, layer);
    this.#layers.set(history, layer);
  }

  #newFolder(name: string): string {
    this.#count += 1;
    return path.join(this.#folder, `${name}-${this.#count}`);
  }
}

type Build = { -readonly [Key in keyof PlainImage]: PlainImage[Key] } & { env: Record<string, string> };

function emptyBuild(root: string): Build {
  return { root, workFolder: root, env: {}, user: 'root', entrypoint: [], command: [], healthcheck: undefined };
}

async function linkTree(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-al', from, to]);
}

async function note({ name, rest }: Instruction, build: Build): Promise<void> {
  switch (name) {
    case 'WORKDIR':
      build.workFolder = path.join(build.root, rest);
      await mkdir(build.workFolder, { recursive: true });
      return;
    case 'ENV':
      for (const [, key = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) build.env[key] = value;
      return;
    case 'USER':
      build.user = rest;
      return;
    case 'ENTRYPOINT':
      build.entrypoint = words.parse(JSON.parse(rest));
      return;
    case 'CMD':
      build.command = words.parse(JSON.parse(rest));
      return;
    case 'HEALTHCHECK':
      build.healthcheck = words.parse(JSON.parse(rest.replace(/^.*?CMD /, '')));
      return;
    case 'EXPOSE':
    case 'STOPSIGNAL':
      return;
    default:
      throw new Error(`unknown instruction ${name}`);
  }
}

async function copy(rest: string, build: Build, sources: ReadonlyMap<string, string>): Promise<void> {
  const [, stage = '', paths = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(rest) ?? [];
  const source = sources.get(stage);
  if (source === undefined) throw new Error(`no stage ${stage}`);
  const all = paths.split(' ');
  const target = all.pop() ?? '';
  for (const one of all) {
    const from = path.join(source, one);
    const isFolder = (await stat(from)).isDirectory();
    const to = path.resolve(build.workFolder, target, isFolder ? '.' : path.basename(one));
    await cp(from, to, { recursive: true, verbatimSymlinks: true });
  }
}
