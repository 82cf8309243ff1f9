import { type ChaosFault, EVERYWHERE } from './fault.ts';
import type { Life } from './life.ts';

/** No outage at all: what the sidecar is there for. */
export const faultsOfLife: readonly ChaosFault[] = [
  happens('an instance registers', (life) => life.register()),
  happens('an instance deregisters', (life) => life.deregister()),
  happens('an instance flaps', (life) => life.flap()),
  happens('a check goes critical', (life) => life.setHealth('critical')),
  happens('an instance in maintenance, or back', (life) => life.maintenance()),
  happens('a node in maintenance, or back', (life) => life.nodeMaintenance()),
  happens('a deployment', (life) => life.deploy()),
  happens('the last instances of a service go', (life) => life.serviceGoes()),
  happens('twenty changes in a second', (life) => life.goesOn(20, 1_000)),
];

function happens(name: string, event: (life: Life) => Promise<void>): ChaosFault {
  return { name, settings: EVERYWHERE, run: ({ life }) => event(life) };
}
