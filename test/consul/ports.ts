import net from 'node:net';

/** The loopback ports of one agent. */
export interface Ports {
  readonly http: number;
  readonly https: number;
  readonly server: number;
  readonly lan: number;
  readonly wan: number;
}

/** Ports nobody listens on, for `agents` agents. Held together until all are known, so that they differ. */
export async function freePorts(agents: number): Promise<readonly Ports[]> {
  const held = await Promise.all(Array.from({ length: agents }, holdPorts));
  await Promise.all(held.flatMap(({ releases }) => releases.map((release) => release())));
  return held.map(({ ports }) => ports);
}

async function holdPorts(): Promise<{ readonly ports: Ports; readonly releases: readonly (() => Promise<void>)[] }> {
  const [http, https, server, lan, wan] = await Promise.all([hold(), hold(), hold(), hold(), hold()]);
  return {
    ports: { http: http.port, https: https.port, server: server.port, lan: lan.port, wan: wan.port },
    releases: [http, https, server, lan, wan].map(({ release }) => release),
  };
}

interface HeldPort {
  readonly port: number;
  readonly release: () => Promise<void>;
}

async function hold(): Promise<HeldPort> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return { port: address.port, release: () => new Promise((resolve) => server.close(() => resolve())) };
}
