import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ReadFailure, WatchState } from '../../sidecar/src/consul/snapshot.ts';
import { createLogger } from '../../sidecar/src/log/logger.ts';
import { OutageLog } from '../../sidecar/src/log/outage-log.ts';

const why = 'Consul answered 403: Permission denied';
const failure: ReadFailure = { reason: 'status', message: `Consul service x: ${why}`, why, atMs: 0 };
let failing: Set<string>;
let written: string;
let outages: OutageLog;

beforeEach(() => {
  vi.useFakeTimers();
  failing = new Set();
  written = '';
  const destination = {
    write: (line: string) => {
      written += line;
    },
  };
  const log = createLogger({ level: 'info', format: 'pretty', destination, colour: false });
  outages = new OutageLog(log, (key) => failing.has(key));
});

afterEach(() => {
  vi.useRealTimers();
});

function state(service: string): WatchState {
  return { query: { service, tags: [] }, snapshot: undefined, lastSuccessMs: undefined, failure, failures: 1 };
}

function fail(...services: readonly string[]): void {
  for (const service of services) {
    failing.add(service);
    outages.failed(service, state(service), failure);
  }
}

function recover(...services: readonly string[]): void {
  for (const service of services) {
    failing.delete(service);
    outages.recovered(service, state(service));
  }
}

function lines(): readonly string[] {
  const all = written.split('\n').filter((line) => line !== '');
  written = '';
  return all.map((line) => line.replace(/^\S+ /, ''));
}

const names = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => `s${from + at}`);

test('a few services are named, once an outage', () => {
  fail('web', 'api', 'web', 'web');
  expect(lines()).toEqual([
    `WARN  Consul service web: Consul cannot be read: targets stay as they are: ${why} (reason status)`,
    `WARN  Consul service api: Consul cannot be read: targets stay as they are: ${why} (reason status)`,
  ]);
  recover('web', 'api');
  expect(lines()).toEqual([
    'info  Consul service web: Consul can be read again',
    'info  Consul service api: Consul can be read again',
  ]);
  vi.runAllTimers();
  expect(lines()).toEqual([]);
});

test('many at once are one line with their number, and one when all are back', () => {
  fail(...names(1, 1_000));
  expect(lines()).toHaveLength(3);
  vi.runAllTimers();
  expect(lines()).toEqual([
    `WARN  Consul cannot be read for many services: targets stay as they are: ${why} (reason status, services 1000)`,
  ]);
  fail(...names(1, 1_000));
  vi.runAllTimers();
  expect(lines()).toEqual([]);
  recover(...names(4, 1_000));
  expect(lines()).toEqual([]);
  recover(...names(1, 3));
  expect(lines().at(-1)).toBe('info  Consul can be read again for all services');
  fail('web');
  expect(lines()).toHaveLength(1);
});

test('many that are back before they were told are not told', () => {
  fail(...names(1, 9));
  recover(...names(4, 9));
  vi.runAllTimers();
  expect(lines()).toHaveLength(3);
});

test('a service that nobody watches any more takes no place', () => {
  fail('a', 'b', 'c');
  failing.clear();
  lines();
  fail('d');
  expect(lines()).toHaveLength(1);
});
