/** Whether a name, once encoded, is one segment of a URL's path: no server may take it for a step up, or for nothing. */
export function isPathSegment(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !LONE_SURROGATE.test(name);
}

/** Half a character, which has no encoding. */
const LONE_SURROGATE = /\p{Surrogate}/u;
