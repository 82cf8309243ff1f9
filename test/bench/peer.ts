import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { ConsulTemplate, findConsulTemplate, PEER_TAG } from './consul-template.ts';
import { deckVersion, resetDeck } from './deck.ts';
import { serviceName, targetOf } from './fleet.ts';
import type { Stage } from './stage.ts';
import { median, type Row, ratio, spread } from './statistics.ts';

const INSTANCES = 4;
const EXTRA = 9;
const LOOK_EVERY_MS = 5;
const PAUSE_MS = 500;
const GIVE_UP_MS = 180_000;
const MOST = 1_000;

interface Measured {
  readonly ms: readonly number[];
  /** How often Kong was asked for one change, as a part of a sentence; empty when that cannot be counted. */
  readonly asked: string;
}

/**
 * From before Consul is told of an instance until Kong holds its target, as a client of the Admin API sees it: ours, and
 * consul-template with decK, one after the other on the same services.
 */
export async function peer(stage: Stage, sizes: readonly number[]): Promise<readonly Row[]> {
  const template = findConsulTemplate();
  const deck = deckVersion();
  const rows: Row[] = [];
  let registered = 0;
  for (const size of sizes.filter((each) => each <= MOST)) {
    await stage.fleet.fill(registered, size, INSTANCES);
    registered = size;
    const ours = await measureOurs(stage, size);
    rows.push(rowOf('kong-consul', size, ours, ours));
    if (template === undefined || deck === undefined) continue;
    const theirs = await measureTheirs(stage, template.bin, size);
    rows.push(rowOf(`consul-template ${template.version} without \`wait\`, and decK ${deck}`, size, theirs, ours));
  }
  const missing = [...(template === undefined ? ['consul-template'] : []), ...(deck === undefined ? ['decK'] : [])];
  if (missing.length > 0)
    rows.push({
      what: 'consul-template and decK',
      measured: `${missing.join(' and ')}: not installed`,
      ratio: '',
      bar: '',
    });
  return rows;
}

function rowOf(who: string, size: number, measured: Measured, ours: Measured): Row {
  return {
    what: `registration to target, ${size} bound services: ${who}`,
    measured: `${spread(measured.ms)}${measured.asked}`,
    ratio: ratio(median(measured.ms), median(ours.ms)),
    bar: '',
  };
}

async function measureOurs(stage: Stage, size: number): Promise<Measured> {
  const sidecar = await stage.follow(size, size * INSTANCES);
  await wait(5_000);
  const measured = await measure(stage, size, () => {});
  await sidecar.stop();
  await stage.cleanUp();
  return measured;
}

async function measureTheirs(stage: Stage, bin: string, size: number): Promise<Measured> {
  const program = new ConsulTemplate(bin, stage, size);
  try {
    return await measure(stage, size, () => program.check());
  } finally {
    await program.stop();
    await wait(PAUSE_MS);
    await resetDeck(stage.kongUrl, PEER_TAG);
  }
}

async function measure(stage: Stage, size: number, check: () => void): Promise<Measured> {
  // What is written before the first change is in Kong when that change is: one command runs at a time.
  await oneTurn(stage, 0, check);
  const before = stage.kongCounts();
  const ms: number[] = [];
  const turns = size >= MOST ? 5 : 10;
  for (let turn = 1; turn <= turns; turn += 1) ms.push(await oneTurn(stage, turn % size, check));
  const after = stage.kongCounts();
  // One joins and one leaves in each turn.
  const each = (count: number) => (count / (2 * turns)).toFixed(1);
  if (before === undefined || after === undefined) return { ms, asked: '' };
  const [writes, reads] = [after.writes - before.writes, after.reads - before.reads];
  return { ms, asked: `; a change is ${each(writes)} writes, ${each(writes + reads)} requests` };
}

async function oneTurn(stage: Stage, service: number, check: () => void): Promise<number> {
  const startMs = performance.now();
  await stage.fleet.put(service, EXTRA);
  await untilHeld(stage, service, true, check);
  const tookMs = performance.now() - startMs;
  await wait(PAUSE_MS);
  await stage.fleet.drop(service, EXTRA);
  await untilHeld(stage, service, false, check);
  await wait(PAUSE_MS);
  return tookMs;
}

const agent = new http.Agent({ keepAlive: true });

async function untilHeld({ kongUrl }: Stage, service: number, held: boolean, check: () => void): Promise<void> {
  const url = `${kongUrl}/upstreams/${serviceName(service)}/targets/${targetOf(service, EXTRA)}`;
  for (const untilMs = performance.now() + GIVE_UP_MS; ; ) {
    if (((await statusOf(url)) === 200) === held) return;
    check();
    if (performance.now() > untilMs) throw new Error('it took too long');
    await wait(LOOK_EVERY_MS);
  }
}

function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      })
      .on('error', reject);
  });
}
