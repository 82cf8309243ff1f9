import { parseArgs } from 'node:util';
import { startKongDouble } from './kong-double.ts';

/**
 * A Kong double to try by hand. With Node 22.6 or later:
 *
 *   node --experimental-strip-types test/kong-double/main.ts --admin-port 8001 --proxy-port 8000
 *
 * `--database off`, `--plugins a,b` and `--kong-version 2.8.5` besides.
 */
const { values } = parseArgs({
  options: {
    'admin-port': { type: 'string', default: '8001' },
    'proxy-port': { type: 'string', default: '8000' },
    database: { type: 'string', default: 'postgres' },
    plugins: { type: 'string' },
    'kong-version': { type: 'string', default: '3.9.1' },
  },
});

const double = await startKongDouble({
  adminPort: Number(values['admin-port']),
  proxyPort: Number(values['proxy-port']),
  database: values.database === 'off' ? 'off' : 'postgres',
  version: values['kong-version'],
  ...(values.plugins !== undefined && { plugins: values.plugins.split(',') }),
});
process.stdout.write(`Admin API  ${double.adminUrl}\nproxy      ${double.proxyUrl}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    double.stop().catch(() => process.exit(1));
  });
}
