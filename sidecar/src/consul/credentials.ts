import { readdirSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ConsulConnection } from './client.ts';

/** Gives the ACL token for each request; a token file is read again when it changes. */
export interface TokenSource {
  read(): Promise<string | undefined>;
}

const RECHECK_MS = 1_000;

/** A fixed token, or none. */
export function fixedToken(token: string | undefined): TokenSource {
  return { read: () => Promise.resolve(token) };
}

/** A token in a file, as Consul's own `CONSUL_HTTP_TOKEN_FILE`. A file that vanishes leaves the last token in use. */
export class TokenFile implements TokenSource {
  readonly #path: string;
  #token: string | undefined;
  #modifiedMs = -1;
  #checkedMs = Number.NEGATIVE_INFINITY;

  constructor(filePath: string) {
    this.#path = filePath;
  }

  async read(): Promise<string | undefined> {
    if (performance.now() - this.#checkedMs < RECHECK_MS) return this.#token;
    this.#checkedMs = performance.now();
    try {
      const { mtimeMs } = await stat(this.#path);
      if (mtimeMs === this.#modifiedMs) return this.#token;
      this.#token = (await readFile(this.#path, 'utf8')).trim();
      this.#modifiedMs = mtimeMs;
    } catch (error) {
      if (this.#token === undefined) throw new Error(`cannot read the token file ${this.#path}`, { cause: error });
    }
    return this.#token;
  }
}

/** TLS options for `https.Agent`, from the files that Consul's own variables name. */
export function tlsOptions(connection: ConsulConnection): Readonly<Record<string, unknown>> {
  const authorities = [
    ...(connection.caFile === undefined ? [] : [connection.caFile]),
    ...(connection.caPath === undefined ? [] : filesIn(connection.caPath)),
  ];
  return {
    rejectUnauthorized: connection.verify,
    ...(authorities.length > 0 && { ca: authorities.map((file) => readFileSync(file)) }),
    ...(connection.certFile !== undefined && { cert: readFileSync(connection.certFile) }),
    ...(connection.keyFile !== undefined && { key: readFileSync(connection.keyFile) }),
    ...(connection.tlsServerName !== undefined && { servername: connection.tlsServerName }),
  };
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory)
    .sort()
    .map((name) => path.join(directory, name));
}
