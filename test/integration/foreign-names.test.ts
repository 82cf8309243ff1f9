import { expect, test } from 'vitest';
import { bindingsCommand } from '../../sidecar/src/cli/bindings-command.ts';
import { cleanupCommand } from '../../sidecar/src/cli/cleanup-command.ts';
import { diffCommand } from '../../sidecar/src/cli/diff-command.ts';
import { reconcileCommand } from '../../sidecar/src/cli/reconcile-command.ts';
import { statusCommand } from '../../sidecar/src/cli/status-command.ts';
import { entry } from '../scripted-consul/catalog.ts';
import { runCommand } from './command.ts';
import { consul, kong, rigEachTest } from './rig.ts';

rigEachTest();

/** Clears the screen, and writes over the line before. */
const EVIL = 'a\u001b[2J\u001b[1A\rb';

test('what instances are called does nothing to the terminal of any command', async () => {
  consul.set('web', [
    entry({ id: EVIL, address: '10.0.0.1' }),
    entry({ id: `${EVIL}2`, address: '10.0.0.2', checks: [{ id: EVIL, status: 'critical' }] }),
    entry({ id: `${EVIL}3`, address: EVIL }),
  ]);
  await kong.seed('POST', '/services', { name: 'bad', host: 'bad' });
  await kong.seed('POST', '/services/bad/plugins', {
    name: 'kong-upstream-healthcheck',
    config: { service: EVIL },
  });
  const config = { consul: { addr: consul.url }, kong: { admin_url: kong.adminUrl }, upstreams: { web: {} } };
  const flags = { only: [], output: 'table', force: false, dryRun: false } as const;
  const printed = [
    await runCommand(config, (io) => diffCommand(io, flags)),
    await runCommand(config, (io) => bindingsCommand(io, flags)),
    await runCommand(config, (io) => reconcileCommand(io, flags)),
    await runCommand(config, (io) => statusCommand(io, flags)),
    await runCommand(config, (io) => cleanupCommand(io, { yes: true })),
  ].map(({ stdout }) => stdout);
  expect(printed.join('')).toContain('10.0.0.1:8080');
  // Line feeds are the commands' own.
  for (const text of printed) expect(text).toMatch(/^[\P{Cc}\n]*$/u);
});
