/** Major and minor of a Kong. Patches never differ in what this program needs to know. */
export type Release = readonly [major: number, minor: number];

/** Undefined for what does not start like a version; an Enterprise version such as 3.4.3.1 is read as its 3.4. */
export function parseRelease(version: string): Release | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

/** Whether `release` came before `other`. One that is not known is taken for the newest. */
export function isBefore(release: Release | undefined, other: Release): boolean {
  if (release === undefined) return false;
  return release[0] === other[0] ? release[1] < other[1] : release[0] < other[0];
}

export function releaseText(release: Release): string {
  return release.join('.');
}
