import { type AdminAnswer, UNEXPECTED, UNSUPPORTED_TYPE } from './errors.ts';
import { parseForm } from './form.ts';
import { isSince, type Release, SINCE } from './release.ts';
import { type Entity, isRecord } from './schema.ts';

/** A request as the Admin API understands it. */
export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  /** Decoded. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  /** Undefined when there was none. */
  readonly body: Entity | undefined;
  /** The values of a form are texts until a schema says more. */
  readonly isForm: boolean;
  /** The body as it came. */
  readonly text: string;
}

export interface RawRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly contentType: string;
  readonly text: string;
}

const HAS_BODY = ['POST', 'PUT', 'PATCH'];
/** `nginx_admin_client_max_body_size`. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const TOO_LARGE = `<html>\r
<head><title>413 Request Entity Too Large</title></head>\r
<body>\r
<center><h1>413 Request Entity Too Large</h1></center>\r
</body>\r
</html>\r
`;

/** Or what is answered before any route sees it (`before_filter` and `parse_params` of `kong/api/api_helpers.lua`). */
export function parseRequest(raw: RawRequest, release: Release): AdminRequest | AdminAnswer {
  const [path = '', ...rest] = raw.url.split('?');
  const segments = decoded(path);
  if (segments === undefined) return { status: 400, body: { message: 'Bad request' } };
  // nginx refuses it, not Kong, and so in HTML.
  if (Buffer.byteLength(raw.text) > MAX_BODY_BYTES) return { status: 413, body: TOO_LARGE };
  const query = new URLSearchParams(rest.join('?'));
  const common = { method: raw.method, path, segments, query, text: raw.text };
  const type = raw.contentType;
  if (raw.text === '' || !HAS_BODY.includes(raw.method)) return { ...common, body: undefined, isForm: false };
  if (type.startsWith('application/x-www-form-urlencoded'))
    return { ...common, body: parseForm(raw.text), isForm: true };
  if (isYaml(type, path, release)) return { ...common, body: { config: raw.text }, isForm: false };
  if (!type.startsWith('application/json')) return UNSUPPORTED_TYPE;
  try {
    const value: unknown = JSON.parse(raw.text);
    // A list makes Kong itself fail (recorded).
    return isRecord(value) ? { ...common, body: value, isForm: false } : UNEXPECTED;
  } catch {
    return { status: 400, body: { message: 'Cannot parse JSON body' } };
  }
}

function isYaml(type: string, path: string, release: Release): boolean {
  if (path !== '/config') return false;
  return (
    type.startsWith('text/yaml') || (type.startsWith('application/yaml') && isSince(release, SINCE.applicationYaml))
  );
}

function decoded(path: string): readonly string[] | undefined {
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
