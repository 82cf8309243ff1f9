/** A signal that ends with its parent or after `ms`, whichever comes first. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** True when the time ran out, false when the parent ended it or nothing did. */
  readonly expired: () => boolean;
}

/**
 * Like `AbortSignal.any([parent, AbortSignal.timeout(ms)])`, but it lets go of its parent when disposed: on Node 20 a
 * long-lived parent would keep each combined signal.
 */
export function deadline(parent: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  let expired = false;
  const end = () => controller.abort(parent.reason);
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(new Error(`no answer within ${ms} ms`));
  }, ms);
  if (parent.aborted) end();
  else parent.addEventListener('abort', end, { once: true });
  return {
    signal: controller.signal,
    expired: () => expired,
    [Symbol.dispose]() {
      clearTimeout(timer);
      parent.removeEventListener('abort', end);
    },
  };
}
