/** What goes wrong with a request. */
export type FaultKind =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'delay'; readonly ms: number }
  /** No answer, nothing done. */
  | { readonly kind: 'drop' }
  /** Done, but the answer is lost. */
  | { readonly kind: 'drop-after-write' }
  | { readonly kind: 'html' }
  | { readonly kind: 'truncate' };

export interface Fault {
  readonly method?: string;
  readonly path?: RegExp;
  /** The n-th request that fits, from 1, or those from one to another; all of them when undefined. */
  readonly nth?: number | { readonly from: number; readonly to: number };
  /** For so many requests. */
  readonly times?: number;
  readonly does: FaultKind;
}

/** The faults that are armed now. */
export class Faults {
  readonly #armed = new Map<Fault, number>();

  /** Returns what takes it away again. */
  arm(fault: Fault): () => void {
    this.#armed.set(fault, 0);
    return () => this.#armed.delete(fault);
  }

  /** The first one that this request meets. */
  meet(method: string, path: string): FaultKind | undefined {
    for (const [fault, met] of this.#armed) {
      if (fault.method !== undefined && fault.method !== method) continue;
      if (fault.path !== undefined && !fault.path.test(path)) continue;
      this.#armed.set(fault, met + 1);
      if (!isNth(fault.nth, met + 1)) continue;
      if (fault.times !== undefined && met >= fault.times) continue;
      return fault.does;
    }
    return undefined;
  }
}

function isNth(nth: Fault['nth'], turn: number): boolean {
  if (nth === undefined) return true;
  return typeof nth === 'number' ? nth === turn : turn >= nth.from && turn <= nth.to;
}
