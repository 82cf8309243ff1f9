import http from 'node:http';

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
const OPERATIONS_PER_TRANSACTION = 60;
const NODES = 50;

/** The services of a benchmark, straight in the catalog of a real Consul. */
export class Fleet {
  readonly #consulUrl: string;

  constructor(consulUrl: string) {
    this.#consulUrl = consulUrl;
  }

  /** Registers services `from` to `to`, each with `size` instances. */
  async fill(from: number, to: number, size: number): Promise<void> {
    for (let node = 0; node < NODES; node += 1) {
      await this.#send('/v1/catalog/register', { Node: nodeName(node), Address: `10.255.0.${node}` });
    }
    const operations: unknown[] = [];
    for (let service = from; service < to; service += 1) {
      for (let at = 0; at < size; at += 1) {
        operations.push({ Service: { Verb: 'set', Node: nodeName(at % NODES), Service: instance(service, at) } });
      }
    }
    await this.#transact(operations);
  }

  /** Gives the first instance of services `from` to `to` another weight. */
  async weigh(from: number, to: number, weight: number): Promise<void> {
    const weights = { Passing: weight, Warning: 1 };
    await this.#transact(
      Array.from({ length: to - from }, (_, at) => ({
        Service: { Verb: 'set', Node: nodeName(0), Service: { ...instance(from + at, 0), Weights: weights } },
      })),
    );
  }

  /** One more instance, or a change of one: passing unless told otherwise. */
  async put(service: number, at: number, status: 'passing' | 'critical' = 'passing'): Promise<void> {
    const { ID: id } = instance(service, at);
    await this.#send('/v1/catalog/register', {
      Node: nodeName(at % NODES),
      SkipNodeUpdate: true,
      Address: '',
      Service: instance(service, at),
      Check: { CheckID: id, Name: 'bench', Status: status, ServiceID: id },
    });
  }

  async drop(service: number, at: number): Promise<void> {
    await this.#send('/v1/catalog/deregister', { Node: nodeName(at % NODES), ServiceID: instance(service, at).ID });
  }

  async #transact(operations: readonly unknown[]): Promise<void> {
    for (let at = 0; at < operations.length; at += OPERATIONS_PER_TRANSACTION) {
      await this.#send('/v1/txn', operations.slice(at, at + OPERATIONS_PER_TRANSACTION));
    }
  }

  async #send(path: string, body: unknown): Promise<void> {
    const payload = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
    await new Promise<void>((resolve, reject) => {
      const request = http.request(this.#consulUrl + path, { method: 'PUT', agent, headers }, (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`${path}: ${response.statusCode}`)),
        );
      });
      request.on('error', reject);
      request.end(payload);
    });
  }
}

export function serviceName(service: number): string {
  return `bench-${service}`;
}

export function targetOf(service: number, at: number): string {
  const { Address: address, Port: port } = instance(service, at);
  return `${address}:${port}`;
}

function instance(service: number, at: number) {
  const name = serviceName(service);
  return {
    ID: `${name}-${at}`,
    Service: name,
    Address: `10.${at & 255}.${service >> 8}.${service & 255}`,
    Port: 8_000 + (at >> 8),
  };
}

function nodeName(node: number): string {
  return `bench-node-${node}`;
}
