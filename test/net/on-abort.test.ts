import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { onAbort } from '../../sidecar/src/net/on-abort.ts';

test('all who wait are called once; who has let go is not', () => {
  const controller = new AbortController();
  const called: string[] = [];
  onAbort(controller.signal, () => called.push('a'));
  const letGo = onAbort(controller.signal, () => called.push('b'));
  onAbort(controller.signal, () => called.push('c'));
  letGo();
  controller.abort();
  controller.abort();
  expect(called).toEqual(['a', 'c']);
});

test('the same function twice is called twice, and let go of once', () => {
  const controller = new AbortController();
  let calls = 0;
  const react = () => {
    calls += 1;
  };
  onAbort(controller.signal, react);
  onAbort(controller.signal, react)();
  controller.abort();
  expect(calls).toBe(1);
});

test('a signal has one listener, however many wait for it', () => {
  const { signal } = new AbortController();
  for (let at = 0; at < 1_000; at += 1) onAbort(signal, () => {});
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
});
