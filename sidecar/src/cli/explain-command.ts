import { nearest } from '../config/nearest.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { explainText } from './explain-text.ts';
import { isNamed } from './named.ts';
import { plain } from './paint.ts';
import { type OutputFormat, render } from './render.ts';
import type { CommandIo } from './session.ts';
import { sidecarUrl } from './sidecar-url.ts';
import { trailSchema } from './trail.ts';
import { type Candidate, type NotBound, readOwnTrails, readSidecarTrails, type TrailSource } from './trail-source.ts';

export interface ExplainFlags {
  readonly output: OutputFormat;
  /** The URL of a sidecar that runs, or true for the one at `listen`; undefined: read Consul and Kong. */
  readonly sidecar?: string | true;
}

const SUGGESTIONS = 5;

/**
 * `explain NAME`: a Consul service, an upstream, an instance or `host:port`, and every step on its way to traffic; exit 1
 * when there is nothing of this name.
 */
export async function explainCommand(io: CommandIo, name: string, flags: ExplainFlags): Promise<ExitCode> {
  const url = sidecarUrl(flags.sidecar, io.config);
  const source = url === undefined ? await readOwnTrails(io) : await readSidecarTrails(url, io);
  const found = source.candidates.filter((candidate) => isAbout(candidate, name));
  const unbound = source.unbound.filter((one) => mentions(one, name));
  if (found.length === 0 && unbound.length === 0) {
    io.print(await nothingText(name, source));
    return EXIT.error;
  }
  const trails = await Promise.all(found.map(({ upstream }) => source.trail(upstream)));
  const value = { upstreams: trails, unbound: unbound.map(({ subject, reason }) => ({ subject, reason })) };
  io.print(
    render(flags.output, value, () =>
      [
        ...trails.map((trail) => explainText(trailSchema.parse(trail), { name, nowMs: Date.now(), ...io.terminal })),
        ...unbound.map(({ subject, reason }) => `${plain(subject)} is not bound: ${plain(reason)}\n`),
      ].join('\n'),
    ),
  );
  return EXIT.ok;
}

function isAbout({ upstream, service, instances, targets }: Candidate, name: string): boolean {
  if (upstream === name || service === name || targets.includes(name)) return true;
  return instances.some((instance) => isNamed(instance, name));
}

function mentions({ subject, reason }: NotBound, name: string): boolean {
  return [subject, reason].some((text) => text.split(/[\s,;"']+/).includes(name));
}

async function nothingText(name: string, source: TrailSource): Promise<string> {
  const services = await source.services();
  if (services.has(name)) {
    return [
      `Consul knows a service ${name}, but nothing binds it to an upstream of Kong.`,
      'Enable the plugin kong-upstream-healthcheck on the Kong Service that should use it, or add to the config file:',
      '',
      'upstreams:',
      `  ${name}.service.consul: {}`,
      '',
    ].join('\n');
  }
  const meant = suggestions(name, source, services);
  const hint = meant.length === 0 ? '' : `Did you mean ${meant.join(', ')}?\n`;
  return `Nothing here is named ${plain(name)}: no upstream, no bound Consul service, no instance, no target.\n${hint}${unreadableText(source)}See "kong-consul bindings" for what is bound.\n`;
}

function unreadableText({ unreadable }: TrailSource): string {
  const [first] = unreadable;
  if (first === undefined) return '';
  const more = unreadable.length === 1 ? '' : ` and ${unreadable.length - 1} more`;
  return `Consul cannot be read for ${plain(first)}${more}, so their instances are not known here: kong-consul doctor says why.\nA sidecar that runs may still know them: kong-consul explain --sidecar.\n`;
}

/** Names that hold what was typed, then the one that looks most like it. */
function suggestions(name: string, { candidates }: TrailSource, services: ReadonlySet<string>): readonly string[] {
  const names = candidates.flatMap(({ upstream, service, instances, targets }) => [
    upstream,
    ...(service === undefined ? [] : [service]),
    ...instances.flatMap(({ instance, target }) => (target === undefined ? [instance] : [instance, target])),
    ...targets,
  ]);
  const all = [...new Set([...names, ...services])].sort();
  const similar = nearest(name, all);
  const holding = all.filter((one) => one.toLowerCase().includes(name.toLowerCase()));
  return [...new Set([...holding, ...(similar === undefined ? [] : [similar])])].slice(0, SUGGESTIONS).map(plain);
}
