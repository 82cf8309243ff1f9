import { setTimeout as sleep } from 'node:timers/promises';
import Consul from 'consul';
import { Instance } from './instance.ts';
import { instanceId, keepRegistered } from './registration.ts';
import { readSettings } from './settings.ts';

/** Between deregistering and closing: requests that were on their way still get their answer. */
const DRAIN_MS = 1_000;

const settings = readSettings(process.env);
const ending = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());

const instance = new Instance();
const port = await instance.listen(settings.port);
const id = instanceId(settings.service, settings.host, port);
instance.name(id);
process.on('SIGUSR2', () => {
  instance.toggleHealth();
  log(`health is ${instance.isWell ? 'well' : 'broken'}`);
});

const url = new URL(settings.consulAddr);
const consul = new Consul({
  host: url.hostname,
  port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  secure: url.protocol === 'https:',
  ...(settings.consulToken !== undefined && { defaults: { token: settings.consulToken } }),
});
const registration = { id, service: settings.service, address: settings.address, port };
await keepRegistered({ consul, registration, isWell: () => instance.isWell, log }, ending.signal);
await sleep(DRAIN_MS);
await instance.close();
consul.destroy();

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}
