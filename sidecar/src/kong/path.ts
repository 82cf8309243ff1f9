import { isPathSegment } from '../net/path-segment.ts';

/** Joins path segments, each one kept a segment whatever it holds. @throws for what no encoding can keep one */
export function kongPath(...segments: readonly string[]): string {
  return segments
    .map((segment) => {
      if (!isPathSegment(segment)) throw new Error(`not a name: ${JSON.stringify(segment)}`);
      return `/${encodeURIComponent(segment)}`;
    })
    .join('');
}
