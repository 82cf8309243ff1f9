import { isRecord } from './schema.ts';

const PLAIN = /^[A-Za-z_/][\w./-]*$/;
const WORDS = /^(y|n|yes|no|on|off|true|false|null)$/i;

/** YAML in the layout that `GET /config` has. */
export function yamlText(value: Readonly<Record<string, unknown>>): string {
  return lines(value, 0)
    .map((line) => `${line}\n`)
    .join('');
}

function lines(value: unknown, depth: number): readonly string[] {
  const pad = '  '.repeat(depth);
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      if (isScalar(item)) return [`${pad}- ${scalar(item)}`];
      const [first = '', ...rest] = lines(item, depth + 1);
      return [`${pad}- ${first.trimStart()}`, ...rest];
    });
  }
  if (!isRecord(value)) return [`${pad}${scalar(value)}`];
  return Object.entries(value).flatMap(([key, inner]) =>
    isScalar(inner)
      ? [`${pad}${scalar(key)}: ${scalar(inner)}`]
      : [`${pad}${scalar(key)}:`, ...lines(inner, Array.isArray(inner) ? depth : depth + 1)],
  );
}

/** Empty lists and records are written in one word too. */
function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

function scalar(value: unknown): string {
  if (value === null || value === undefined) return '~';
  if (typeof value === 'object') return Array.isArray(value) ? '[]' : '{}';
  if (typeof value !== 'string') return String(value);
  return PLAIN.test(value) && !WORDS.test(value) ? value : JSON.stringify(value);
}
