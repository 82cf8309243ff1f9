import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Metrics } from '../../sidecar/src/serve/metrics.ts';

const FOLDER = fileURLToPath(new URL('../../compose/monitoring/', import.meta.url));
const run = promisify(execFile);

const dashboard = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
});

/** Every metric that we give, with its labels. */
function metrics(): ReadonlyMap<string, readonly string[]> {
  const { registry } = new Metrics({
    kongs: [],
    version: '0',
    watches: () => [],
    feeds: () => [],
    watchRestarts: () => 0,
    isLeader: () => true,
    isReady: () => true,
    eventClients: () => 0,
  });
  const own = registry.getMetricsAsArray().map((metric): [string, readonly string[]] => {
    const labels: unknown = Reflect.get(metric, 'labelNames');
    return [metric.name, z.array(z.string()).catch([]).parse(labels)];
  });
  const buckets = own.map(([name, labels]): [string, readonly string[]] => [`${name}_bucket`, [...labels, 'le']]);
  return new Map([...own, ...buckets, ['up', []]]);
}

/** What a query asks for: metric and label names, without what Prometheus adds. */
function asked(expr: string): readonly { readonly metric: string; readonly labels: readonly string[] }[] {
  return [...expr.matchAll(/\b((?:kong_consul|process|nodejs)_\w+|up)\b(?:\{(?<matchers>[^}]*)\})?/g)].map((match) => ({
    metric: match[1] ?? '',
    labels: [...(match.groups?.matchers ?? '').matchAll(/(\w+)\s*[=!]~?/g)]
      .map(([, label = '']) => label)
      .filter((label) => label !== 'job' && label !== 'instance'),
  }));
}

async function text(name: string): Promise<string> {
  return await readFile(`${FOLDER}${name}`, 'utf8');
}

function expectKnown(expressions: readonly string[]): void {
  const known = metrics();
  for (const { metric, labels } of expressions.flatMap(asked)) {
    expect([...known.keys()], metric).toContain(metric);
    for (const label of labels) expect(known.get(metric), `${metric}{${label}}`).toContain(label);
  }
}

test('every metric and label that an alert asks for is one that the sidecar gives', async () => {
  const rules = await text('alerts.yml');
  const expressions = rules
    .split(/^ +- alert: /m)
    .map((rule) => /expr:(?<expr>[\s\S]*?)\n +(for|labels):/.exec(rule)?.groups?.expr ?? '');
  expect(expressions.flatMap(asked).length).toBeGreaterThan(10);
  expectKnown(expressions);
});

test('every metric and label on the dashboard is one that the sidecar gives, and nothing else is left unseen', async () => {
  const { panels } = dashboard.parse(JSON.parse(await text('grafana-dashboard.json')));
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  expectKnown(expressions);
  const shown = new Set(expressions.flatMap(asked).map(({ metric }) => metric.replace(/_bucket$/, '')));
  const own = [...metrics().keys()].filter((name) => name.startsWith('kong_consul_') && !name.endsWith('_bucket'));
  const left = own.filter((name) => !shown.has(name));
  expect(left.sort()).toEqual(['kong_consul_build_info', 'kong_consul_event_clients']);
});

test('the panels of the dashboard do not lie on each other', async () => {
  const { panels } = dashboard.parse(JSON.parse(await text('grafana-dashboard.json')));
  const cells = panels.flatMap(({ title, gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => ({ title, cell: `${x + (at % w)},${y + Math.floor(at / w)}` })),
  );
  expect(new Set(cells.map(({ cell }) => cell)).size).toBe(cells.length);
});

test('Prometheus takes the configuration and the rules, and they fire when they should', async () => {
  const config = await run('promtool', ['check', 'config', 'prometheus.yml'], { cwd: FOLDER });
  expect(config.stdout).toContain('is valid prometheus config file syntax');
  expect(config.stdout).toMatch(/\d+ rules found/);
  const rules = await run('promtool', ['test', 'rules', 'alerts-test.yml'], { cwd: FOLDER });
  expect(rules.stdout).toContain('SUCCESS');
});

test('Prometheus understands every query of the dashboard', async () => {
  const { panels } = dashboard.parse(JSON.parse(await text('grafana-dashboard.json')));
  const rules = panels
    .flatMap(({ targets }) => targets)
    .map(({ expr }, at) => ({ record: `panel:query${at}`, expr: expr.replaceAll('$__rate_interval', '1m') }));
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kong-consul-'));
  try {
    const file = path.join(folder, 'rules.yml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const checked = await run('promtool', ['check', 'rules', file]);
    expect(checked.stdout).toContain(`SUCCESS: ${rules.length} rules found`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
