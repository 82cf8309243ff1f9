import type { JsonObject } from '../../core/binding.ts';
import { blockItems, flowItems } from './item-text.ts';
import { OWN_COLON, OWN_LINE, type Range, type Section } from './section.ts';

/** What takes the place of a part of a text. */
export interface Edit extends Range {
  readonly text: string;
}

/** Takes items away and puts others in front of those that stay, which keep every byte. */
export function rewrite(
  name: string,
  text: string,
  section: Section,
  dropped: ReadonlySet<number>,
  added: readonly JsonObject[],
): readonly Edit[] {
  if (dropped.size === 0 && added.length === 0) return [];
  const line = (indent: number) => `${' '.repeat(indent)}${name}:${OWN_LINE}\n`;
  switch (section.kind) {
    case 'block': {
      const isEmptied = dropped.size === section.items.length;
      const gone = section.items.filter((_item, at) => dropped.has(at)).map((range) => ({ ...range, text: '' }));
      if (added.length > 0) {
        const items = blockItems(added, isEmptied ? section.keyIndent : section.indent);
        return [{ start: section.at, end: section.at, text: items }, ...gone];
      }
      return isEmptied && section.ownKey !== undefined ? [{ ...section.ownKey, text: '' }, ...gone] : gone;
    }
    case 'flow': {
      const { items, inner, ownKey } = section;
      const isEmptied = dropped.size === items.length;
      if (isEmptied && added.length === 0 && ownKey !== undefined) return [{ ...ownKey, text: '' }];
      if (isEmptied && added.length > 0) return [{ ...inner, text: flowItems(added) }];
      const gone = items.filter((_item, at) => dropped.has(at)).map((range) => ({ ...range, text: '' }));
      if (added.length === 0) return [...gone, ...lostComma(section, text, dropped)];
      const put = { start: inner.start, end: inner.start, text: `${flowItems(added)},` };
      return [put, ...gone, ...lostComma(section, text, dropped)];
    }
    case 'absent': {
      const { at, indent } = section;
      return [{ start: at, end: at, text: `${line(indent)}${blockItems(added, indent)}` }];
    }
    case 'absent-in-flow': {
      const { at, isOnly } = section;
      return [{ start: at, end: at, text: `"${name}"${OWN_COLON}[${flowItems(added)}]${isOnly ? '' : ', '}` }];
    }
    case 'nothing': {
      const { place, at, indent } = section;
      if (at === undefined) return [{ ...place, text: `[${flowItems(added)}]` }];
      const lineBreak = text.slice(0, at).endsWith('\n') ? '' : '\n';
      return [
        { ...place, text: '' },
        { start: at, end: at, text: `${lineBreak}${blockItems(added, indent)}` },
      ];
    }
    case 'elsewhere': {
      const kept = section.items.filter((_item, at) => !dropped.has(at));
      return [{ ...section.alias, text: `[${flowItems([...added, ...kept])}]` }];
    }
  }
}

/** Makes all edits; none may overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let at = 0;
  let result = '';
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** The last items went: the comma before them has nothing behind it any more, which JSON forbids. */
function lostComma(
  section: Section & { readonly kind: 'flow' },
  text: string,
  dropped: ReadonlySet<number>,
): readonly Edit[] {
  const { items } = section;
  const lastKept = items.findLastIndex((_item, at) => !dropped.has(at));
  if (lastKept === -1 || lastKept === items.length - 1) return [];
  const end = items[lastKept]?.end ?? 0;
  return text[end - 1] === ',' ? [{ start: end - 1, end, text: '' }] : [];
}
