import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';

interface Exchange {
  transport: unknown;
}

/**
 * Ends a request whose body is cut off or larger than `maxBytes`. Without it the client under the `consul` package waits
 * for ever for the end of half a body.
 */
export function guardResponse(maxBytes: number): (exchange: Exchange, next: () => void) => void {
  return (exchange, next) => {
    const base = exchange.transport === https ? https : http;
    exchange.transport = { request: (options: RequestOptions) => watch(base.request(options), maxBytes) };
    next();
  };
}

function watch(request: ClientRequest, maxBytes: number): ClientRequest {
  request.once('response', (response: IncomingMessage) => {
    let received = 0;
    response.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received <= maxBytes) return;
      request.emit('error', new Error(`the answer is larger than ${maxBytes} bytes`));
      request.destroy();
    });
    response.once('close', () => {
      if (!response.complete) request.emit('error', new Error('the answer was cut off'));
    });
    response.on('error', () => {});
  });
  return request;
}
