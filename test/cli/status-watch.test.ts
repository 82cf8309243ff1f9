import { setTimeout as wait } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { StatusRow } from '../../sidecar/src/cli/status-rows.ts';
import { statusText } from '../../sidecar/src/cli/status-text.ts';
import { watchStatus } from '../../sidecar/src/cli/status-watch.ts';
import { loadConfig } from '../../sidecar/src/config/load.ts';
import { createLogger } from '../../sidecar/src/log/logger.ts';

const TERMINAL = { columns: 60, rows: 10, isTerminal: true, colour: false };
const PIPE = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY, isTerminal: false, colour: false };

function row(upstream: string, more: Partial<StatusRow> = {}): StatusRow {
  return { upstream, state: 'in_sync', service: upstream, healthy: '2/2', targets: 2, remark: '', ...more };
}

/** Shows one reading after the other, and is then stopped as by Ctrl-C. An error is a reading that fails. */
async function watched(
  readings: readonly (readonly StatusRow[] | Error)[],
  terminal: typeof TERMINAL,
  output: 'table' | 'json' = 'table',
) {
  const stop = new AbortController();
  const left = [...readings];
  const printed: string[] = [];
  const config = await loadConfig({ flags: {}, env: {}, readFile: () => Promise.reject(new Error('no file')) });
  const io = {
    config,
    reloadConfig: () => Promise.resolve(config),
    log: createLogger({ level: 'silent', format: 'json', destination: { write: () => {} }, colour: false }),
    signal: stop.signal,
    print: (text: string) => printed.push(text),
    ask: undefined,
    terminal,
  };
  const read = async () => {
    const reading = left.shift();
    if (reading === undefined) {
      stop.abort(new Error('ended by SIGINT'));
      await wait(0);
      throw new Error('cut off');
    }
    if (reading instanceof Error) throw reading;
    return reading;
  };
  const code = await watchStatus(io, { read, everyMs: 1, output });
  return { code, printed, text: printed.join('') };
}

test('on a terminal it draws in place on the second screen, gives the first one back, and leaves the last state there', async () => {
  const held = row('web', { state: 'held', remark: 'no instance is registered any more: targets stay' });
  const { code, printed, text } = await watched(
    [
      [row('api'), row('web')],
      [row('api'), held],
    ],
    TERMINAL,
  );
  expect(printed[0]).toBe('\u001b[?1049h\u001b[?25l');
  expect(printed.slice(1, 3).every((frame) => frame.startsWith('\u001b[H') && frame.endsWith('\u001b[J'))).toBe(true);
  expect(text.split('\u001b[?25h\u001b[?1049l')).toHaveLength(2);
  expect(printed.at(-1)).toBe(statusText([row('api'), held], TERMINAL));
  expect(stripVTControlCharacters(printed.at(-1) ?? '').split('\n')[2]).toMatch(/^web {7}held .* no instance i…$/);
  expect(code).toBe(2);
});

test('of more upstreams than there are lines those that are not in sync are shown, and the sums of all', async () => {
  const many = Array.from({ length: 20 }, (_, at) => row(`u${at + 10}`));
  const { printed, code } = await watched([[...many, row('zzz', { state: 'conflict' })]], TERMINAL);
  const lines = stripVTControlCharacters(printed[1] ?? '').split('\n');
  expect(lines.length).toBeLessThanOrEqual(TERMINAL.rows);
  expect(lines.find((line) => line.startsWith('zzz'))).toContain('conflict');
  expect(lines).toContain('… 17 more');
  expect(lines).toContain('21 upstreams: 20 in sync, 1 conflict');
  expect(code).toBe(1);
});

test('a reading that fails is said, and the last good one stays', async () => {
  const { printed, code } = await watched([[row('web')], new Error('Kong is away')], TERMINAL);
  expect(printed[2]).toContain('cannot be read: Kong is away');
  expect(printed[2]).toContain('web');
  expect(code).toBe(0);
});

test('in a pipe each change is a line, and nothing else is', async () => {
  const pending = row('web', { state: 'pending', remark: '1 change to be written' });
  const readings = [[row('web')], [row('web')], [pending], new Error('away'), new Error('away'), [pending], []];
  const { text } = await watched(readings, PIPE);
  expect(text.replace(/^\S+Z /gm, '').split('\n')).toEqual([
    'web is in sync, 2/2 healthy, 2 targets',
    'web is pending, 2/2 healthy, 2 targets: 1 change to be written',
    'cannot be read: away',
    'web is gone',
    '',
  ]);
});

test('in a pipe as JSON each change is one object a line', async () => {
  const { text } = await watched([[row('web')], [row('web', { targets: 3 })]], PIPE, 'json');
  const lines = text.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).targets)).toEqual([2, 3]);
});
