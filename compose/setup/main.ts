import axios, { isAxiosError } from 'axios';
import pRetry from 'p-retry';
import { createObjects } from './kong-objects.ts';

const RETRIES = 20;
const TIMEOUT_MS = 5_000;

const adminUrl = process.env.KONG_ADMIN_URL ?? 'http://127.0.0.1:8001';
const service = process.env.SERVICE_NAME ?? 'my-service';
const path = process.env.ROUTE_PATH ?? '/api';
const kong = axios.create({ baseURL: adminUrl, timeout: TIMEOUT_MS, proxy: false, maxRedirects: 0 });

try {
  await pRetry(() => createObjects(kong, { service, path }), {
    retries: RETRIES,
    factor: 1,
    minTimeout: 500,
    shouldRetry: ({ error }) => isPassing(error),
    onFailedAttempt: ({ error }) => say(`Kong at ${adminUrl}: ${describe(error)}`),
  });
  say(`Kong has the Service ${service}, the Route ${path} and the plugin`);
} catch (error) {
  process.exitCode = 1;
  say(`given up: ${describe(error)}`);
}

/** Kong is not up yet, or busy: everything but its own refusal. */
function isPassing(error: unknown): boolean {
  if (!isAxiosError(error)) return false;
  return error.response === undefined || error.response.status === 429 || error.response.status >= 500;
}

function describe(error: unknown): string {
  if (isAxiosError(error) && error.response !== undefined)
    return `${error.response.status} ${JSON.stringify(error.response.data)}`;
  return error instanceof Error ? error.message : String(error);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
