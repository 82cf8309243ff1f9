/** Major, minor and patch of a Kong. */
export type Release = readonly [number, number, number];

/** The first release that has something. */
export type Since = readonly [number, number] | Release;

export function parseRelease(version: string): Release {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return [major, minor, patch];
}

export function isSince(release: Release, since: Since | undefined): boolean {
  if (since === undefined) return true;
  for (const [at, wanted] of since.entries()) {
    const own = release[at] ?? 0;
    if (own !== wanted) return own > wanted;
  }
  return true;
}

/**
 * Where the Admin API of one release differs from the next, each with the first release of the newer way.
 *
 * | what                                    | before                      | since |
 * | --------------------------------------- | --------------------------- | ----- |
 * | `GET /`: what it says of a plugin        | `true`                      | 3.0   |
 * | `GET /`: `edition`                      | absent                      | 3.6   |
 * | POST of a target that exists            | 200, updated, `Deprecation` | 3.0   |
 * | verb of `healthy` and `unhealthy`       | POST                        | 3.0   |
 * | `_format_version` "3.0"                 | refused                     | 3.0   |
 * | hash of a configuration without entity  | md5 of the text             | 3.2   |
 * | `flatten_errors`                        | ignored                     | 3.2   |
 * | no entity under a tag                   | `{}`                        | 3.4   |
 * | uniqueness inside `POST /config`        | the last one wins           | 3.4   |
 * | `request_id` in what the proxy says     | absent                      | 3.5   |
 * | `?tags=` without a tag                  | 500                         | 3.8.1 |
 * | `application/yaml` beside `text/yaml`   | 415                         | 3.9   |
 */
export const SINCE = {
  pluginVersions: [3, 0],
  edition: [3, 6],
  targetConflict: [3, 0],
  healthByPut: [3, 0],
  formatVersion3: [3, 0],
  emptyHash: [3, 2],
  flattenErrors: [3, 2],
  emptyTagList: [3, 4],
  declarativeUniqueness: [3, 4],
  requestId: [3, 5],
  emptyTagsRefused: [3, 8, 1],
  applicationYaml: [3, 9],
} as const satisfies Readonly<Record<string, Since>>;
