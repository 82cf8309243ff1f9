import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { consul, folder, kong, realRigEachTest, sidecar, startSidecar } from './real-rig.ts';

const RESYNCS = 6;

realRigEachTest();

beforeEach(async () => {
  for (const at of [1, 2]) await consul.register({ ID: `web-${at}`, Name: 'web', Address: `10.0.0.${at}`, Port: 80 });
  await consul.register({ ID: 'web-3', Name: 'web', Address: '10.0.0.3' });
  await writeConfig('info');
  startSidecar(['run', '--config', path.join(folder, 'config.yml')]);
  await eventually(() => expect(kong.targets('web')).toHaveLength(2));
  await eventually(() => expect(lines('upstream takes over its host').length + lines('target added').length).toBe(2));
});

async function writeConfig(level: string, more = ''): Promise<void> {
  const text = `
consul: { addr: "${consul.url}", wait_seconds: 1 }
kong: { admin_url: "${kong.adminUrl}", poll_seconds: 0.2 }
resync_seconds: 0.3
owner_check_seconds: 0.2
listen: "off"
log: { level: ${level} }
${more}
upstreams:
  web: {}
`;
  await writeFile(path.join(folder, 'config.yml'), text);
}

function lines(part = ''): readonly string[] {
  return (sidecar?.stderr() ?? '').split('\n').filter((line) => line !== '' && line.includes(part));
}

/** Waits until Kong was read in full so many times more. */
async function resyncs(count: number): Promise<void> {
  const reads = () =>
    kong.requests.filter(({ method, path: where }) => method === 'GET' && where.startsWith('/upstreams?')).length;
  const before = reads();
  await eventually(() => expect(reads()).toBeGreaterThanOrEqual(before + count));
}

test('while nothing changes nothing is said, however often everything is read', async () => {
  expect(lines('instance cannot be a target')).toHaveLength(1);
  await resyncs(1);
  const before = lines();
  await resyncs(RESYNCS);
  expect(lines()).toEqual(before);
});

test('SIGUSR2 turns debug on and off again, without a restart', async () => {
  sidecar?.process.kill('SIGUSR2');
  await eventually(() => expect(lines('"level":"debug","time"').length).toBeGreaterThan(0));
  sidecar?.process.kill('SIGUSR2');
  await eventually(() => expect(lines('log level switched by SIGUSR2')).toHaveLength(2));
  expect(lines('log level switched by SIGUSR2').map((line) => /"now":"(\w+)"/.exec(line)?.[1])).toEqual([
    'debug',
    'info',
  ]);
  const before = lines();
  await resyncs(RESYNCS);
  expect(lines()).toEqual(before);
});

test('a changed level in the file is taken over, and other keys are named that need a restart', async () => {
  await writeConfig('debug', 'hold_seconds: 7');
  await eventually(() => expect(lines('config file read again')).toHaveLength(1));
  await eventually(() => expect(lines('some changed keys need a restart')).toHaveLength(1));
  expect(lines('some changed keys need a restart')[0]).toContain('"keys":["hold_seconds"]');
  await eventually(() => expect(lines('"level":"debug","time"').length).toBeGreaterThan(0));
});
