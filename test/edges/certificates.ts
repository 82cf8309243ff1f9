import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A CA, and a certificate for 127.0.0.1 that it signed, good for servers and clients. */
export interface Certificates {
  readonly folder: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kong-consul-tls-'));
  const at = (name: string) => path.join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-subj', '/CN=test-ca', '-keyout', at('ca.key'), '-out', at('ca.pem'));
  const signed = [
    '-CA',
    at('ca.pem'),
    '-CAkey',
    at('ca.key'),
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:consul.test',
  ];
  openssl('req', '-x509', ...key, '-subj', '/CN=leaf', ...signed, '-keyout', at('leaf.key'), '-out', at('leaf.pem'));
  const read = (name: string) => readFileSync(at(name));
  return {
    folder,
    caFile: at('ca.pem'),
    certFile: at('leaf.pem'),
    keyFile: at('leaf.key'),
    ca: read('ca.pem'),
    cert: read('leaf.pem'),
    key: read('leaf.key'),
  };
}
