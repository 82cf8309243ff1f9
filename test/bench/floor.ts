import http from 'node:http';

/**
 * The least that any program must do, as a program of its own: a bare long poll, and a bare POST or DELETE for each
 * instance that came or went. Says one line for each, as a sidecar does. Arguments: Consul, Admin API, service, upstream.
 */
const [consulUrl = '', kongUrl = '', service = '', upstream = ''] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });
const targets = new Set<string>();
let index = '0';

for (;;) {
  const { headers, body } = await send('GET', `${consulUrl}/v1/health/service/${service}?index=${index}&wait=60s`);
  index = String(headers['x-consul-index']);
  const entries: readonly { readonly Service: { readonly Address: string; readonly Port: number } }[] =
    JSON.parse(body);
  const wanted = new Set(entries.map(({ Service: { Address: address, Port: port } }) => `${address}:${port}`));
  for (const target of wanted) if (!targets.has(target)) await change('POST', '', target);
  for (const target of targets) if (!wanted.has(target)) await change('DELETE', `/${target}`, target);
}

async function change(method: 'POST' | 'DELETE', path: string, target: string): Promise<void> {
  const body = method === 'POST' ? JSON.stringify({ target, weight: 1 }) : undefined;
  await send(method, `${kongUrl}/upstreams/${upstream}/targets${path}`, body);
  if (method === 'POST') targets.add(target);
  else targets.delete(target);
  process.stderr.write(`${JSON.stringify({ upstream, target, kind: method })}\n`);
}

function send(
  method: string,
  url: string,
  body?: string,
): Promise<{ readonly headers: http.IncomingHttpHeaders; readonly body: string }> {
  const headers =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
