import type { Finding } from './finding.ts';

const NAMED = 3;
const UPSTREAM = 'upstream ';

/** The same said of many upstreams is said once, where it was said first, with how many they are. */
export function mergeFindings(findings: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { check, level, text, mend } = finding;
    const key = JSON.stringify(check.startsWith(UPSTREAM) ? [level, text, mend] : [level, text, mend, check]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = group;
    if (first === undefined || others.length === 0) return group.slice(0, 1);
    return [{ ...first, check: `${group.length} upstreams (${namesOf(group)})` }];
  });
}

function namesOf(group: readonly Finding[]): string {
  const names = group.map(({ check }) => check.slice(UPSTREAM.length));
  const rest = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${rest}`;
}
