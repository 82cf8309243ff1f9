import type { IncomingMessage } from 'node:http';
import type { AdminRequest } from './admin.ts';
import type { Entity } from './schema.ts';
import { isRecord } from './schema.ts';

export type Parsed = { readonly request: AdminRequest } | { readonly error: 'json' | 'type' };

/** A request as the Admin API understands it. */
export async function parseRequest(incoming: IncomingMessage, prefix: string): Promise<Parsed> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  const raw = (incoming.url ?? '/').slice(prefix.length) || '/';
  const at = raw.indexOf('?');
  const path = at < 0 ? raw : raw.slice(0, at);
  const query = new URLSearchParams(at < 0 ? '' : raw.slice(at + 1));
  const body = parseBody(text, incoming.headers['content-type'] ?? '');
  if (body === 'json' || body === 'type') return { error: body };
  const segments = path.split('/').slice(1).map(decodeURIComponent);
  return { request: { method: incoming.method ?? 'GET', segments, path, query, body, text } };
}

function parseBody(text: string, type: string): Entity | undefined | 'json' | 'type' {
  if (text === '') return undefined;
  if (type.startsWith('application/x-www-form-urlencoded')) return parseForm(text);
  if (type.includes('yaml')) return { config: text };
  try {
    const value: unknown = JSON.parse(text);
    // Kong itself answers 500 to a list.
    return isRecord(value) ? value : 'type';
  } catch {
    return 'json';
  }
}

function parseForm(text: string): Entity {
  const form: Entity = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (!name.endsWith('[]')) form[name] = value;
    else {
      const list = form[name.slice(0, -2)];
      form[name.slice(0, -2)] = [...(Array.isArray(list) ? list : []), value];
    }
  }
  return form;
}
