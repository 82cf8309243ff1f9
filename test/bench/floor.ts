import http from 'node:http';

const agent = new http.Agent({ keepAlive: true });

export interface RawAnswer {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** One bare request: the least that any program must do. */
export function send(method: string, url: string, body?: unknown): Promise<RawAnswer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers =
    payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({ headers: response.headers, body: text }));
    });
    request.on('error', reject);
    request.end(payload);
  });
}

/** A bare long poll and a bare write behind it: waits for the next change of a service, then sends the request. */
export async function floorTurn(
  consulUrl: string,
  service: string,
  change: () => Promise<void>,
  write: () => Promise<unknown>,
): Promise<number> {
  const url = `${consulUrl}/v1/health/service/${service}`;
  const first = await send('GET', url);
  const index = String(first.headers['x-consul-index']);
  const poll = send('GET', `${url}?index=${index}&wait=60s`);
  // The poll must be waiting before the change.
  await new Promise((resolve) => setTimeout(resolve, 30));
  const startMs = performance.now();
  await change();
  JSON.parse((await poll).body);
  await write();
  return performance.now() - startMs;
}
