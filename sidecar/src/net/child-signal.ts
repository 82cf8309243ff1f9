import { setMaxListeners } from 'node:events';

/** A signal that ends with its parent, until it is disposed. */
export interface ChildSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal for one task with many requests. On Node taking a listener off a signal costs as much as the signal has
 * listeners, so thousands of requests at once must not all listen to the one of the program.
 */
export function childSignal(parent: AbortSignal): ChildSignal {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const end = () => controller.abort(parent.reason);
  if (parent.aborted) end();
  else parent.addEventListener('abort', end, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => parent.removeEventListener('abort', end),
  };
}
