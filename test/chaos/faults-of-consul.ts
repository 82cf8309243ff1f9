import { setTimeout as wait } from 'node:timers/promises';
import { type ChaosFault, EVERYWHERE, type Outage } from './fault.ts';
import type { Scene } from './scene.ts';

export const outagesOfConsul: readonly Outage[] = [
  {
    name: 'Consul restarted, data kept',
    side: 'consul',
    settings: ['alone'],
    stopsLife: true,
    begin: async ({ consul }) => {
      await consul.own.stop();
      return () => consul.own.start();
    },
  },
  {
    name: 'Consul frozen and thawed',
    side: 'consul',
    settings: ['alone'],
    stopsLife: true,
    begin: async ({ consul }) => {
      await consul.freeze(consul.own);
      return async () => consul.thaw();
    },
  },
  {
    name: 'token revoked and restored',
    side: 'consul',
    settings: EVERYWHERE,
    begin: async ({ consul }) => {
      await consul.revokeToken();
      return () => consul.restoreToken();
    },
  },
  {
    name: 'token may see less, then all again',
    side: 'consul',
    settings: EVERYWHERE,
    begin: async ({ consul, random }) => {
      await consul.narrowPolicy(random.pick(['no nodes', 'some services']));
      return () => consul.restorePolicy();
    },
  },
  {
    name: 'leader lost',
    side: 'consul',
    settings: ['cluster'],
    begin: async ({ consul }) => {
      const lost = await consul.cluster?.killLeader();
      return async () => lost?.start();
    },
  },
  {
    name: 'quorum lost',
    side: 'consul',
    settings: ['cluster'],
    stopsLife: true,
    begin: async ({ consul }) => {
      const lost = consul.servers.slice(1);
      await Promise.all(lost.map((server) => server.stop()));
      return async () => {
        await Promise.all(lost.map((server) => server.start()));
        await consul.cluster?.leader();
      };
    },
  },
  {
    name: 'leader frozen and thawed',
    side: 'consul',
    settings: ['cluster'],
    // A write that is forwarded to it hangs until it thaws.
    stopsLife: true,
    begin: async ({ consul }) => {
      const leader = await consul.cluster?.leader();
      if (leader !== undefined) await consul.freeze(leader);
      return async () => consul.thaw();
    },
  },
  {
    name: 'follower frozen and thawed',
    side: 'consul',
    settings: ['cluster'],
    begin: async ({ consul }) => {
      const leader = await consul.cluster?.leader();
      const [follower = consul.own] = consul.servers.filter((server) => server !== leader);
      await consul.freeze(follower);
      return async () => consul.thaw();
    },
  },
];

export const dataLosses: readonly ChaosFault[] = [
  { name: 'Consul lost its data, services come back', settings: ['alone'], run: comeBack },
  { name: 'Consul lost its data, nobody comes back', settings: ['alone'], run: (scene) => loseData(scene) },
];

/** Services register again one by one, as agents and orchestrators make them. */
async function comeBack(scene: Scene): Promise<void> {
  const { model, random, registry } = scene;
  const instances = model.list();
  await loseData(scene);
  await wait(random.next() * 1_500);
  await registry.restore(instances, random);
}

async function loseData({ consul, model }: Scene): Promise<void> {
  await consul.own.stop();
  model.clear();
  await consul.own.restart({ keepData: false });
  model.restartEmptyClocks();
  await consul.createToken();
}
