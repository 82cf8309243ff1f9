import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { readConfigurationHash, readDataPlanes } from '../../sidecar/src/kong/data-planes.ts';
import { partDocument } from '../../sidecar/src/kong/declarative/base.ts';
import { exportConfig, isHashOf, loadConfig, readHash } from '../../sidecar/src/kong/declarative/load-config.ts';
import { entityWords } from '../../sidecar/src/kong/declarative/locate-entity.ts';
import { blameFor, isUntold } from '../../sidecar/src/kong/declarative/refusal.ts';
import { HealthReader } from '../../sidecar/src/kong/health-reader.ts';
import { readNodeSettings } from '../../sidecar/src/kong/node-settings.ts';
import { fuzz } from './fuzz.ts';
import { client, connect, declared, pageOf, server, signal, status, stubKong } from './kong-stub.ts';
import { jsonText, mutated, nastyName } from './nasty.ts';
import { dataPlane, declarativeFile, nodeSettings, nodeStatus, refusals, targetHealth } from './samples.ts';

stubKong();

const TAG = 'kong-consul:test';
const TEXT = JSON.stringify(declarativeFile);
const { base, ours } = partDocument(TEXT, 'kong.yml', TAG);

describe('an answer of a Kong without a database is read whole, or refused by name', () => {
  const refusal = fc.tuple(jsonText(mutated(...refusals)), jsonText(mutated(...refusals)));
  fuzz('why it does not take a document', fc.tuple(status, refusal), async ([code, [flat, nested]]) => {
    server.seen.length = 0;
    server.answer = ({ url }) => ({ status: code, body: url?.includes('flatten_errors') === true ? flat : nested });
    const outcome = await declared(loadConfig(client, { text: TEXT, isOvertaken: () => false }, signal));
    onlyPaths(/^\/base\/config$/);
    if (outcome === undefined) return;
    expect(isUntold(outcome) || outcome.message !== '' || outcome.entities.length > 0).toBe(true);
    const blame = blameFor(outcome, [...ours.values()], TAG);
    expect([...ours.keys()]).toEqual(expect.arrayContaining([...blame.upstreams]));
    for (const words of [outcome.message, ...outcome.entities.map((entity) => entityWords(entity, base))]) {
      expect(words.length).toBeLessThan(1_000);
      expect(words).not.toContain('hush');
    }
  });

  const exported = mutated({ config: TEXT }, { config: 'upstreams:\n- name: theirs\n' });
  fuzz('what it holds', fc.tuple(status, jsonText(exported)), async ([code, body]) => {
    server.answer = () => ({ status: code, body });
    const text = await declared(exportConfig(client, signal));
    if (text !== undefined) expect(typeof text).toBe('string');
  });

  fuzz('the hash of it', fc.tuple(status, jsonText(mutated(nodeStatus)), nastyName), async ([code, body, text]) => {
    server.answer = () => ({ status: code, body });
    const hash = await declared(readHash(client, signal));
    if (hash !== undefined && !/^0*$/.test(hash)) expect(isHashOf(text, hash)).toBe(hash === md5(text));
    await declared(readConfigurationHash(client, signal));
  });
});

describe('an answer of a node is read whole, or refused by name', () => {
  fuzz('its data planes', fc.tuple(status, jsonText(pageOf(dataPlane))), async ([code, body]) => {
    server.seen.length = 0;
    server.answer = () => ({ status: code, body });
    for (const { name, lastSeenMs } of (await declared(readDataPlanes(client, signal))) ?? [])
      expect([typeof name, typeof lastSeenMs]).toEqual(['string', 'number']);
    onlyPaths(/^\/base\/clustering\/data-planes$/);
  });

  fuzz('its settings', fc.tuple(status, jsonText(mutated(nodeSettings))), async ([code, body]) => {
    server.answer = () => ({ status: code, body });
    const settings = await declared(readNodeSettings(client, signal));
    for (const name of ['kong-upstream-healthcheck', '__proto__', 'toString'])
      expect(typeof (settings?.pluginVersion(name) ?? '')).toBe('string');
  });

  fuzz(
    'health of targets: those who do not answer are told, and the others are not held up',
    fc.tuple(status, jsonText(pageOf(targetHealth)), nastyName),
    async ([code, body, upstream]) => {
      server.seen.length = 0;
      server.answer = ({ url }) => ({
        status: code,
        body: url?.startsWith('/base/two/') === true ? '{"data":[]}' : body,
      });
      const two = connect({ workspace: 'two' });
      try {
        const { health, notes } = await new HealthReader([client, two]).read(upstream, signal);
        for (const note of notes) expect(note.length).toBeLessThan(2_000);
        for (const note of notes) expect(note).not.toContain('hush');
        for (const [target, state] of health ?? []) expect([typeof target, typeof state]).toEqual(['string', 'string']);
        for (const { url } of server.seen) {
          const names = new URL(url ?? '', server.url).pathname.split('/').slice(2).map(decodeURIComponent);
          expect(names.filter((name) => name !== 'two')).toEqual(['upstreams', upstream, 'health']);
        }
      } finally {
        two.close();
      }
    },
  );
});

function onlyPaths(path: RegExp): void {
  for (const { url } of server.seen) expect(new URL(url ?? '', server.url).pathname).toMatch(path);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
