/** How Kong's health checker can probe what speaks a protocol. */
export type Probe = 'http' | 'https' | 'tcp' | 'none';

/** `ws` and `wss` are Kong Enterprise's. */
const PROBES: ReadonlyMap<string, Probe> = new Map([
  ['http', 'http'],
  ['ws', 'http'],
  ['https', 'https'],
  ['wss', 'https'],
  ['tcp', 'tcp'],
  ['tls', 'tcp'],
  ['tls_passthrough', 'tcp'],
  ['grpc', 'none'],
  ['grpcs', 'none'],
  ['udp', 'none'],
]);

const STREAM = new Set(['tcp', 'tls', 'tls_passthrough', 'udp']);

/** The one probe that fits all protocols; http where they differ or are not known. */
export function probeOf(protocols: readonly string[]): Probe {
  const probes = new Set(protocols.map((protocol) => PROBES.get(protocol) ?? 'http'));
  const [probe, other] = probes;
  return probe === undefined || other !== undefined ? 'http' : probe;
}

/** The part of Kong that these protocols go through, where all agree on it. */
export function subsystemOf(protocols: readonly string[]): 'http' | 'stream' | undefined {
  if (protocols.length === 0) return undefined;
  const streams = protocols.filter((protocol) => STREAM.has(protocol)).length;
  if (streams === 0) return 'http';
  return streams === protocols.length ? 'stream' : undefined;
}
