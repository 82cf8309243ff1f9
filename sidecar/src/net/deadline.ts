import { onAbort } from './on-abort.ts';

/** A signal that ends with a parent or after `ms`, whichever comes first. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** True when the time ran out, false when a parent ended it or nothing did. */
  readonly expired: () => boolean;
}

/**
 * Like `AbortSignal.any([...parents, AbortSignal.timeout(ms)])`, but it lets go of its parents when disposed: on Node 20
 * a long-lived parent would keep each combined signal.
 */
export function deadline(parents: AbortSignal | readonly AbortSignal[], ms: number): Deadline {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(new Error(`no answer within ${ms} ms`));
  }, ms);
  const lettingGo = [parents].flat().map((parent) => {
    if (parent.aborted) controller.abort(parent.reason);
    return onAbort(parent, () => controller.abort(parent.reason));
  });
  return {
    signal: controller.signal,
    expired: () => expired,
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const letGo of lettingGo) letGo();
    },
  };
}
