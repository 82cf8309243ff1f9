import { isRecord } from './schema.ts';

/** A value as Kong prints Lua tables in one line, keys sorted; a list with holes names its positions. */
export function luaText(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) {
    const hasHoles = value.some((item) => item === null || item === undefined);
    const parts = value.flatMap((item, at) =>
      item === null || item === undefined ? [] : [hasHoles ? `[${at + 1}]=${luaText(item)}` : luaText(item)],
    );
    return `{${parts.join(',')}}`;
  }
  if (!isRecord(value)) return String(value);
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${key}=${luaText(value[key])}`);
  return `{${parts.join(',')}}`;
}

/** Plain text as it is, a Lua table over several lines. */
export function luaBlock(value: unknown): string {
  return typeof value === 'string' ? value : block(value, 0);
}

function block(value: unknown, depth: number): string {
  if (Array.isArray(value)) return block(Object.fromEntries(value.map((item, at) => [`[${at + 1}]`, item])), depth);
  if (!isRecord(value)) return typeof value === 'string' ? `"${value}"` : String(value);
  const pad = '  '.repeat(depth + 1);
  const lines = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${pad}${key} = ${block(value[key], depth + 1)}`);
  return `{\n${lines.join(',\n')}\n${'  '.repeat(depth)}}`;
}
