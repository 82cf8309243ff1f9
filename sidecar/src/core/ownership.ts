const STAGING_PREFIX = 'kong-consul-staging.';

/** The tag on every object we write: what lacks it is not ours. */
export function ownerTag(owner: string): string {
  return `kong-consul:${owner}`;
}

/** Whether a Kong object carries our owner tag. */
export function isOwned(object: { readonly tags: readonly string[] }, tag: string): boolean {
  return object.tags.includes(tag);
}

/**
 * The name under which a new upstream is filled before it takes its host over from DNS: created empty under its own
 * name it would answer 503 until its first target is there.
 */
export function stagingName(upstream: string): string {
  return `${STAGING_PREFIX}${upstream}`;
}

/** The bound name behind a staging name, or undefined. */
export function stagedUpstream(name: string): string | undefined {
  return name.startsWith(STAGING_PREFIX) ? name.slice(STAGING_PREFIX.length) : undefined;
}

/** Our tag added, the others kept. */
export function withTag(tags: readonly string[], tag: string): readonly string[] {
  return tags.includes(tag) ? tags : [...tags, tag];
}
