import { readFileSync } from 'node:fs';

/** The version in package.json, which stands one folder above the built files and two above the sources. */
export const VERSION = readVersion();

function readVersion(): string {
  for (const candidate of ['../../package.json', '../../../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(candidate, import.meta.url), 'utf8'));
      if (isManifest(manifest)) return manifest.version;
    } catch {
      // The other place has it.
    }
  }
  return 'unknown';
}

function isManifest(value: unknown): value is { readonly version: string } {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('version' in value)) return false;
  return value.name === 'kong-consul' && typeof value.version === 'string';
}
