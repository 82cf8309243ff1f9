import { setMaxListeners } from 'node:events';
import { onAbort } from './on-abort.ts';

/** A signal that ends with its parent, until it is disposed. */
export interface ChildSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Ends it before its parent does. */
  abort(): void;
}

/** A signal for one task with many requests, so that these do not all listen to the one of the program. */
export function childSignal(parent: AbortSignal): ChildSignal {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  if (parent.aborted) controller.abort(parent.reason);
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    [Symbol.dispose]: onAbort(parent, () => controller.abort(parent.reason)),
  };
}
