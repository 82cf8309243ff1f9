import type { ApiState, ApiSummary } from '../serve/api.ts';

/** How much attention something wants. */
export type Tone = 'bad' | 'warn' | 'busy' | 'idle' | 'good';

export const STATE_WORDS: Readonly<Record<ApiState, string>> = {
  in_sync: 'In sync',
  pending: 'Pending',
  held: 'Held',
  waiting: 'Waiting',
  error: 'Error',
  conflict: 'Conflict',
  frozen: 'Frozen',
  unbound: 'Unbound',
};

/** Trouble first. */
export const RANKS: Readonly<Record<Tone, number>> = { bad: 0, warn: 1, busy: 2, idle: 3, good: 4 };

/**
 * | upstream                                             | tone |
 * | ---------------------------------------------------- | ---- |
 * | error, conflict, frozen                              | bad  |
 * | held; Consul cannot be read; nothing or nobody healthy | warn |
 * | pending, waiting                                     | busy |
 * | unbound                                              | idle |
 * | in sync                                              | good |
 */
export function toneOf(summary: ApiSummary): Tone {
  switch (summary.state) {
    case 'error':
    case 'conflict':
    case 'frozen':
      return 'bad';
    case 'held':
      return 'warn';
    case 'pending':
    case 'waiting':
      return summary.consul_failing ? 'warn' : 'busy';
    case 'unbound':
      return 'idle';
    case 'in_sync':
      return summary.consul_failing || summary.instances?.healthy === 0 ? 'warn' : 'good';
  }
}

/** Its state in a word or two; what wants attention although Kong holds what it should says so. */
export function stateWord(summary: ApiSummary): string {
  const { state, instances, consul_failing: isFailing } = summary;
  if (state !== 'in_sync') return STATE_WORDS[state];
  if (isFailing) return 'Not readable';
  if (instances?.registered === 0) return 'Empty';
  return instances?.healthy === 0 ? 'None healthy' : STATE_WORDS.in_sync;
}

/** Whether somebody should look at it. */
export function isTrouble(summary: ApiSummary): boolean {
  const tone = toneOf(summary);
  return tone === 'bad' || tone === 'warn';
}

/** Trouble first, then those that have a remark, then by name. */
export function compareSummaries(a: ApiSummary, b: ApiSummary): number {
  const rank = RANKS[toneOf(a)] - RANKS[toneOf(b)];
  if (rank !== 0) return rank;
  const [isSpecial, isOther] = [a.remark !== '', b.remark !== ''];
  if (isSpecial !== isOther) return isSpecial ? -1 : 1;
  return a.upstream < b.upstream ? -1 : 1;
}

/** Its first letter as at the start of a sentence. */
export function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** `1 change to be written`, `2 changes to be written`. */
export function count(number: number, noun: string, rest = ''): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}${rest === '' ? '' : ` ${rest}`}`;
}

/** `3 s`, `5 min`, `2 h`, `4 d`. */
export function durationOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
