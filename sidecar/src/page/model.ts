import type {
  ApiChange,
  ApiChangesEvent,
  ApiSnapshot,
  ApiStatus,
  ApiSummary,
  ApiUpstreamsEvent,
} from '../serve/api.ts';

const KEPT_CHANGES = 200;

/** What an event made otherwise. */
export interface Delta {
  /** Everything may be otherwise. */
  readonly all: boolean;
  readonly changed: readonly string[];
  readonly gone: readonly string[];
  /** Newest first. */
  readonly written: readonly ApiChange[];
}

const NOTHING: Delta = { all: false, changed: [], gone: [], written: [] };

/** What the page knows, brought up to date by events. */
export class Model {
  readonly upstreams = new Map<string, ApiSummary>();
  status: ApiStatus | undefined;
  /** Newest first. */
  changes: readonly ApiChange[] = [];

  snapshot({ status, upstreams, changes }: ApiSnapshot): Delta {
    this.upstreams.clear();
    for (const summary of upstreams) this.upstreams.set(summary.upstream, summary);
    this.status = status;
    this.changes = changes;
    return { ...NOTHING, all: true };
  }

  moved({ upstreams, gone }: ApiUpstreamsEvent): Delta {
    for (const summary of upstreams) this.upstreams.set(summary.upstream, summary);
    for (const name of gone) this.upstreams.delete(name);
    return { ...NOTHING, changed: upstreams.map(({ upstream }) => upstream), gone };
  }

  written({ changes }: ApiChangesEvent): Delta {
    const newest = this.changes[0]?.id ?? 0;
    const written = changes.filter(({ id }) => id > newest);
    this.changes = [...written, ...this.changes].slice(0, KEPT_CHANGES);
    return { ...NOTHING, written };
  }

  told(status: ApiStatus): Delta {
    this.status = status;
    return NOTHING;
  }
}
