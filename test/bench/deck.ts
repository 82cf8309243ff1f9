import { execFileSync } from 'node:child_process';

/** The version of the decK on the PATH; undefined when there is none. */
export function deckVersion(): string | undefined {
  try {
    const text = execFileSync('deck', ['version'], { encoding: 'utf8' });
    return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'of unknown version';
  } catch {
    return undefined;
  }
}

/**
 * What a file must say of an upstream lest decK write it anew each time: an older decK fills in no setting that it does not
 * know (1.4.0 beside Kong 3.9.1).
 */
export const SAID_IN_FULL = {
  algorithm: 'round-robin',
  healthchecks: { threshold: 0, active: { https_verify_certificate: true }, passive: { type: 'http' } },
} as const;
