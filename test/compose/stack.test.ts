import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '../integration/cli.ts';
import {
  type ComposeService,
  lintComposeFile,
  ROOT,
  readComposeFile,
  variablesOf,
  withDefaults,
} from './compose-file.ts';

/** What can be known of the stack without a Docker engine. */
const FILE = 'compose/docker-compose.yml';
const text = readFileSync(path.join(ROOT, FILE), 'utf8');
const readme = readFileSync(path.join(ROOT, 'compose/README.md'), 'utf8');
const walk = readFileSync(path.join(ROOT, 'compose/demo.sh'), 'utf8');
const { services, volumes } = readComposeFile(FILE);
const named = Object.entries(services);

/** Ports that a service listens on inside the network, as its own configuration says. */
const CONTAINER_PORTS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  named.map(([name, { ports }]) => [name, ports.map((port) => withDefaults(port).replace(/^.*:|\/.*$/g, ''))]),
);

describe('the Compose file', () => {
  test('is what the Compose specification allows, and the linter finds nothing', () => {
    expect(lintComposeFile(FILE)).toEqual([]);
  });

  test('has every service of the demo, and the rest behind profiles', () => {
    const profiles = [...new Set(named.map(([, service]) => service.profiles.join()))];
    const withProfile = (profile: string) =>
      named.filter(([, service]) => service.profiles.join() === profile).map(([name]) => name);
    const sorted = profiles.map((profile) => [profile, withProfile(profile).sort()]);
    expect(Object.fromEntries(sorted)).toEqual({
      '': ['consul', 'demo-service', 'kong', 'kong-database', 'kong-migrations', 'setup', 'sidecar'],
      dbless: ['kong-dbless', 'sidecar-dbless'],
      ha: ['sidecar-standby'],
      konga: ['konga'],
      monitoring: ['grafana', 'prometheus'],
      ui: ['kong-manager'],
    });
  });

  test('has one network and no fixed container name, so that a service can be scaled', () => {
    for (const [name, service] of named) {
      expect(Object.keys(service), name).not.toContain('container_name');
      expect(Object.keys(service), name).not.toContain('networks');
    }
    expect(services['demo-service']?.ports).toEqual([]);
  });

  test('pins every image to a version', () => {
    for (const [name, { image, build }] of named) {
      if (build === undefined) expect(image, name).toMatch(/:v?\d+\.\d+(\.\d+)?(-\w+)?$/);
    }
  });

  test('publishes on loopback alone, each port once, those of the README among them', () => {
    const published = named.flatMap(([, { ports }]) => ports.map(withDefaults));
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+(\/udp)?$/);
    const outside = published.map((port) => port.split(':')[1]);
    expect(outside.length).toBe(new Set(outside).size);
    expect(outside).toEqual(expect.arrayContaining(['8000', '8001', '8500', '8600', '1337']));
  });

  test('names only files that exist: build contexts, Dockerfiles, mounted files and folders', () => {
    for (const [name, { build, volumes: mounts }] of named) {
      const folder = path.join(ROOT, 'compose');
      if (build !== undefined) {
        expect(path.resolve(folder, build.context), name).toBe(path.resolve(ROOT));
        expect(existsSync(path.join(ROOT, build.dockerfile)), build.dockerfile).toBe(true);
      }
      for (const mount of mounts) {
        const [source = ''] = mount.split(':');
        const isThere = source.startsWith('.') ? existsSync(path.join(folder, source)) : Object.hasOwn(volumes, source);
        expect(isThere, `${name}: ${source}`).toBe(true);
        if (source.startsWith('.')) expect(mount, name).toMatch(/:ro$/);
      }
    }
  });

  test('has a default for every variable, the same in the walk, and the README tells of each', () => {
    for (const [name, fallback] of variablesOf(text)) {
      expect(fallback, name).toBeDefined();
      expect(readme).toContain(`\`${name}\``);
      expect(text).not.toMatch(new RegExp(`\\$\\{${name}(?!:-${fallback}\\})`));
    }
    const walked = [...variablesOf(walk)].filter(([, fallback]) => fallback !== undefined);
    expect(walked.length).toBeGreaterThan(0);
    for (const [name, fallback] of walked) expect(variablesOf(text).get(name), name).toBe(fallback);
  });

  test('speaks only to services and ports that are there', () => {
    const urls = named.flatMap(([name, service]) =>
      [...Object.values(service.environment), ...mountedTexts(service)]
        .flatMap((value) => [...withDefaults(value).matchAll(/\bhttp:\/\/([a-z-]+):(\d+)/g)])
        .map(([url, host = '', port = '']) => ({ name, url, host, port })),
    );
    const inside = urls.filter(({ host }) => host !== 'localhost');
    expect(inside.map(({ host }) => host)).toEqual(expect.arrayContaining(['consul', 'kong', 'kong-dbless']));
    for (const { name, url, host, port } of inside) expect(CONTAINER_PORTS[host], `${name}: ${url}`).toContain(port);
    const published = named.flatMap(([, { ports }]) => ports.map((one) => withDefaults(one).split(':')[1]));
    for (const { url, port } of urls.filter(({ host }) => host === 'localhost')) expect(published, url).toContain(port);
  });

  test('waits only for services that are started with it, healthy ones have a health check', () => {
    for (const [name, { depends_on: needs, profiles }] of named) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        const other = services[needed];
        expect(other, `${name} needs ${needed}`).toBeDefined();
        const isStarted = other?.profiles.every((profile) => profiles.includes(profile));
        expect(isStarted, `${name} needs ${needed}`).toBe(true);
        const isBuilt = other?.build?.dockerfile === 'sidecar/Dockerfile';
        if (condition === 'service_healthy') expect(isBuilt || other?.healthcheck !== undefined, needed).toBe(true);
      }
    }
  });

  test('mounts the plugin where each Kong looks for it', () => {
    const kongs = named.filter(([, { image }]) => image.startsWith('kong:'));
    expect(kongs.length).toBe(4);
    for (const [name, { environment, volumes: mounts }] of kongs) {
      expect(environment.KONG_PLUGINS, name).toBe('bundled,kong-upstream-healthcheck');
      const [source = '', target = ''] =
        mounts.map((mount) => mount.split(':')).find(([from]) => from === '../kong-plugin') ?? [];
      const [template = ''] = (environment.KONG_LUA_PACKAGE_PATH ?? '').split(';');
      for (const module of ['handler', 'schema']) {
        const inContainer = template.replace('?', `kong/plugins/kong-upstream-healthcheck/${module}`);
        const here = path.join(ROOT, 'compose', source, path.relative(target, inContainer));
        expect(existsSync(here), here).toBe(true);
      }
    }
  });

  test.each(named.filter(([, { build }]) => build?.dockerfile === 'sidecar/Dockerfile'))(
    '%s has an environment that the program takes',
    async (_, { environment }) => {
      const env = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, withDefaults(value)]));
      const { code, stderr } = await runCli(['config', '--output', 'json'], env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );
});

/** What is mounted from files that name addresses themselves. */
function mountedTexts({ volumes: mounts }: ComposeService): readonly string[] {
  const files = mounts.map((mount) => mount.split(':')[0] ?? '').filter((source) => /\.(yml|js)$/.test(source));
  return files.map((source) => readFileSync(path.join(ROOT, 'compose', source), 'utf8'));
}
