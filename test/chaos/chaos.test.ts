import { expect, test } from 'vitest';
import { runCampaign } from './campaign.ts';
import { Random } from './random.ts';
import { Results } from './results.ts';

const SEED = 5;
const FAULTS = [
  'an instance flaps',
  'a node in maintenance, or back',
  'the last instances of a service go',
  'Consul restarted, data kept',
  'token revoked and restored',
  'Kong answers 429',
  'Kong writes, but the answers are lost',
  'plans end half way',
  'Kong restarted empty',
  'sidecar killed and started again',
];

/** How fast it comes right is for `npm run chaos` to judge, on a machine that has nothing else to do. */
test('comes right after each fault, and meanwhile removes nothing that serves and touches nothing foreign', async () => {
  const results = new Results();
  await runCampaign({
    ...{ setting: 'alone', results, random: new Random(SEED), rounds: FAULTS.length },
    ...{ limitMs: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY },
    ...{ leewayMs: 10_000, longestOutageMs: 500 },
    isWanted: (fault) => FAULTS.includes(fault),
  });
  expect(results.violations).toEqual([]);
  expect(results.tried).toBe(FAULTS.length + 1);
}, 180_000);
