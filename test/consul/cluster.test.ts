import { expect, test } from 'vitest';
import { eventually } from '../integration/eventually.ts';
import { startCluster } from './cluster.ts';

test('three servers elect another leader when theirs is killed, and take it back', async () => {
  const cluster = await startCluster();
  try {
    const killed = await cluster.killLeader();
    const next = await cluster.leader();
    expect(next).not.toBe(killed);
    await next.register({ ID: 'web', Name: 'web' });
    await killed.start();
    await eventually(async () => expect(await killed.request('GET', '/v1/health/service/web')).toHaveLength(1));
  } finally {
    await cluster.dispose();
  }
});
