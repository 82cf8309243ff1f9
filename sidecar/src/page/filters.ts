import type { ApiState, ApiSummary } from '../serve/api.ts';
import { byId, element, setText } from './dom.ts';
import { isTrouble, STATE_WORDS, stateWord } from './words.ts';

type Choice = ApiState | 'all' | 'trouble';

const STATES: readonly ApiState[] = ['error', 'conflict', 'frozen', 'held', 'pending', 'waiting', 'unbound', 'in_sync'];
const CHOICES: readonly Choice[] = ['all', 'trouble', ...STATES];
/** Shown though nothing is in it. */
const ALWAYS: ReadonlySet<Choice> = new Set(['all', 'trouble', 'in_sync']);

/** What of the upstreams is shown: a search and one state, with how many are in each. */
export class Filters {
  readonly #onChange: () => void;
  readonly #search = byId('search', HTMLInputElement);
  readonly #buttons = new Map<Choice, { readonly button: HTMLButtonElement; readonly number: HTMLElement }>();
  #choice: Choice = 'all';
  #words: readonly string[] = [];

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    const group = byId('filters', HTMLFieldSetElement);
    for (const choice of CHOICES) group.append(this.#createButton(choice));
    this.#search.addEventListener('input', () => {
      this.#words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
      this.#onChange();
    });
  }

  /** Whether an upstream is shown. */
  lets(summary: ApiSummary): boolean {
    if (!isOf(this.#choice, summary)) return false;
    if (this.#words.length === 0) return true;
    const text = `${summary.upstream} ${summary.service ?? ''} ${stateWord(summary)} ${summary.remark}`;
    const lower = text.toLowerCase();
    return this.#words.every((word) => lower.includes(word));
  }

  /** Counts anew. */
  count(summaries: Iterable<ApiSummary>): void {
    const counts = new Map<Choice, number>(CHOICES.map((choice) => [choice, 0]));
    const more = (choice: Choice) => counts.set(choice, (counts.get(choice) ?? 0) + 1);
    for (const summary of summaries) for (const choice of CHOICES) if (isOf(choice, summary)) more(choice);
    for (const [choice, { button, number }] of this.#buttons) {
      const found = counts.get(choice) ?? 0;
      setText(number, found.toLocaleString('en'));
      button.hidden = found === 0 && !ALWAYS.has(choice) && choice !== this.#choice;
      button.dataset.none = String(found === 0);
    }
  }

  /** Puts the focus on the search. */
  focus(): void {
    this.#search.focus();
    this.#search.select();
  }

  /** Whether there was something to empty. */
  clear(): boolean {
    if (this.#search.value === '') return false;
    this.#search.value = '';
    this.#words = [];
    this.#onChange();
    return true;
  }

  #createButton(choice: Choice): HTMLButtonElement {
    const number = element('b', {}, '0');
    const button = element(
      'button',
      { attributes: { type: 'button', 'aria-pressed': String(choice === this.#choice) }, data: { choice } },
      `${wordOf(choice)} `,
      number,
    );
    button.addEventListener('click', () => this.#choose(choice));
    this.#buttons.set(choice, { button, number });
    return button;
  }

  #choose(choice: Choice): void {
    this.#choice = choice;
    for (const [each, { button }] of this.#buttons) button.setAttribute('aria-pressed', String(each === choice));
    this.#onChange();
  }
}

function isOf(choice: Choice, summary: ApiSummary): boolean {
  if (choice === 'all') return true;
  if (choice === 'trouble') return isTrouble(summary);
  // What Kong holds may be in sync, and still want attention: that is not looked for here.
  return summary.state === choice && !(choice === 'in_sync' && isTrouble(summary));
}

function wordOf(choice: Choice): string {
  if (choice === 'all') return 'All';
  return choice === 'trouble' ? 'Needs attention' : STATE_WORDS[choice];
}
