import { hostname } from 'node:os';
import type { ConsulClient } from '../consul/client.ts';
import { Lock } from '../consul/lock.ts';
import type { EventLog } from '../log/event-log.ts';
import { Election } from '../reconcile/election.ts';
import type { Follower } from '../reconcile/follow.ts';
import type { CommandIo } from './session.ts';

/** The election that `leader_election` asks for; undefined without it. */
export function createElection(
  { config }: CommandIo,
  consul: ConsulClient,
  events: EventLog,
  followers: () => readonly Follower[],
): Election | undefined {
  if (!config.leaderElection) return undefined;
  return new Election({
    lock: new Lock(consul, config.leaderKey),
    holder: config.listen === undefined ? hostname() : `${hostname()}:${config.listen.port}`,
    takeoverMs: config.leaderTakeoverSeconds * 1000,
    listener: {
      onGained: () => {
        events.leads();
        // They end with the program, and tell of their failures themselves.
        for (const follower of followers()) follower.takeOver().catch(() => {});
      },
      onLost: (reason) => events.leadsNoLonger(reason),
      onLeader: (holder) => events.leader(holder),
      onProblem: (problem) => events.electionFailed(problem),
    },
  });
}
