import { expect, test } from 'vitest';
import { agoText, durationText } from '../../sidecar/src/cli/duration.ts';
import { cut, labelled, painter, plain, widthOf } from '../../sidecar/src/cli/paint.ts';

test("what a check says cannot move the terminal's cursor, colour it or start a line", () => {
  expect(plain('\u001b[2J\u001b]0;title\u0007503\r\nService\u2028 \u0000Un\u202eavailable\n')).toBe(
    '503 Service Unavailable',
  );
});

test('a long text stays under its own start, whatever its colours', () => {
  const paint = painter(true);
  const text = labelled('  label  ', `${paint('bad', 'one two')} three four five six`, 29);
  expect(text.split('\n').map(widthOf)).toEqual([27, 17, 0]);
  expect(text).toContain('\n         five six\n');
});

test('a cut text says that it was cut', () => {
  expect([cut('abcdef', 4), cut('abcd', 4)]).toEqual(['abc…', 'abcd']);
});

test.each([
  [0, 'just now', '0 s'],
  [1_499, 'just now', '1 s'],
  [45_000, '45 s ago', '45 s'],
  [252_000, '4 min 12 s ago', '4 min 12 s'],
  [7_500_000, '2 h 5 min ago', '2 h 5 min'],
  [180_000_000, '2 d 2 h ago', '2 d 2 h'],
])('%d ms are %s', (ms, ago, span) => {
  expect([agoText(1_000_000_000 - ms, 1_000_000_000), durationText(ms)]).toEqual([ago, span]);
});
