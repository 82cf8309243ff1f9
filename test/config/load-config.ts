import { ConfigError } from '../../sidecar/src/config/config-error.ts';
import { loadConfig } from '../../sidecar/src/config/load.ts';

export interface Given {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly file?: string;
}

/** Loads the configuration from `kc.yml` with this text, if there is one. */
export function load({ flags = {}, env = {}, file }: Given) {
  const named = file === undefined ? flags : { config: 'kc.yml', ...flags };
  return loadConfig({ flags: named, env, readFile: () => Promise.resolve(file ?? '') });
}

/** What is said to be wrong; nothing when the configuration can be used. */
export async function problemsOf(given: Given): Promise<readonly string[]> {
  try {
    await load(given);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
