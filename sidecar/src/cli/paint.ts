import { stripVTControlCharacters } from 'node:util';

const CODES = { good: 32, bad: 31, doubt: 33, quiet: 2, strong: 1 } as const;

export type Colour = keyof typeof CODES;

/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

/** For a terminal that shows colours, or one that does not. */
export function painter(hasColour: boolean): Paint {
  return (colour, text) => (hasColour && text !== '' ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text);
}

/** Foreign text on one line, without what a terminal would obey. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/\p{Bidi_Control}/gu, '')
    .trim();
}

/** Columns that a text without colours takes. */
export function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** Cut to so many columns, the last one an ellipsis. */
export function cut(text: string, columns: number): string {
  const letters = [...text];
  return letters.length <= columns ? text : `${letters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}

/** Lines of at most so many columns, broken at spaces, each under the first one's start. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** A label and a text beside it that wraps under itself. */
export function labelled(label: string, text: string, columns: number): string {
  const indent = ' '.repeat(widthOf(label));
  return wrap(text, Math.max(20, columns - indent.length))
    .map((line, at) => `${at === 0 ? label : indent}${line}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}
