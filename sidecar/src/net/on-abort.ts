import { setMaxListeners } from 'node:events';

const reactions = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `react` when the signal is aborted; what is returned takes that back. For signals that thousands wait for: with
 * Node's own listeners adding and removing each takes as long as there are listeners, so all share one.
 */
export function onAbort(signal: AbortSignal, react: () => void): () => void {
  const all = reactions.get(signal) ?? listen(signal);
  const own = () => react();
  all.add(own);
  return () => void all.delete(own);
}

function listen(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>();
  reactions.set(signal, all);
  setMaxListeners(0, signal);
  signal.addEventListener(
    'abort',
    () => {
      for (const react of all) react();
    },
    { once: true },
  );
  return all;
}
