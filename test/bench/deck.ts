import { execFileSync } from 'node:child_process';
import { timed } from './stage.ts';

/** The version of the decK on the PATH; undefined when there is none. */
export function deckVersion(): string | undefined {
  try {
    const text = execFileSync('deck', ['version'], { encoding: 'utf8' });
    return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'of unknown version';
  } catch {
    return undefined;
  }
}

/** Takes away what decK has written under a tag. */
export async function resetDeck(kongUrl: string, tag: string): Promise<void> {
  await timed('deck', ['reset', '--force', '--kong-addr', kongUrl, '--select-tag', tag]);
}

/**
 * What a file must say of an upstream lest decK write it anew each time: an older decK fills in no setting that it does not
 * know (1.4.0 beside Kong 3.9.1).
 */
export const SAID_IN_FULL = {
  algorithm: 'round-robin',
  healthchecks: { threshold: 0, active: { https_verify_certificate: true }, passive: { type: 'http' } },
} as const;
