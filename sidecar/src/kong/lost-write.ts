import type { KongObserver } from './client.ts';

/** A write that Kong may do yet although its answer will not come. */
export interface LostWrite {
  readonly upstream: string;
  /** The id of the target that it was to change or remove. */
  readonly targetId: string | undefined;
}

/** Whether a request was such a write. */
export function lostWrite({ method, path, status, upstream }: Parameters<KongObserver>[0]): LostWrite | undefined {
  if (upstream === undefined || method === 'GET' || (status !== 'error' && status < 500)) return undefined;
  return { upstream, targetId: /\/targets\/([^/]+)$/.exec(path)?.[1] };
}
