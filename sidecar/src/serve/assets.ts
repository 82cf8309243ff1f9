import { readdir, readFile } from 'node:fs/promises';
import type { BodyReply } from './reply.ts';

/** One file of the page, read once: no path of a request ever reaches the file system. */
export interface Asset {
  readonly path: string;
  readonly reply: BodyReply;
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
};
/** Nothing but our own files, and no HTML made from text. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The folder of the built program, in which this file stands one folder below. */
const BUILT = new URL('../', import.meta.url);

/** The page, its parts, and the description of the API. @throws when the program was not built whole */
export async function readAssets(built = BUILT): Promise<readonly Asset[]> {
  const page = new URL('page/', built);
  const names = (await readdir(page)).filter((name) => extension(name) in TYPES).sort();
  const parts = await Promise.all(
    names.map(async (name) =>
      asset(name === 'index.html' ? '/' : `/page/${name}`, await readFile(new URL(name, page))),
    ),
  );
  const description = await readFile(new URL('serve/openapi.json', built));
  return [...parts, asset('/api/v1/openapi.json', description)];
}

function asset(path: string, body: Buffer): Asset {
  const type = TYPES[path === '/' ? 'html' : extension(path)] ?? 'application/octet-stream';
  const headers = path === '/' ? { 'Content-Security-Policy': POLICY } : {};
  return { path, reply: { kind: 'body', status: 200, type, body, headers } };
}

function extension(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
