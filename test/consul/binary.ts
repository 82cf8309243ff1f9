import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Beside the source, and from where `tsc -p tsconfig.tools.json` puts this file. */
const SCRIPTS = ['../setup/consul.sh', '../../../test/setup/consul.sh'];

/** The path of a consul binary: `CONSUL_BIN`, or what `test/setup/consul.sh` finds or builds. */
export function consulBinary(): string {
  if (process.env.CONSUL_BIN !== undefined && process.env.CONSUL_BIN !== '') return process.env.CONSUL_BIN;
  const script = SCRIPTS.map((name) => fileURLToPath(new URL(name, import.meta.url))).find(existsSync);
  if (script === undefined) throw new Error('test/setup/consul.sh is not there: set CONSUL_BIN');
  return execFileSync(script, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}
