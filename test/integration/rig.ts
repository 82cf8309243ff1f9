import { afterEach, beforeEach } from 'vitest';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type ScriptedConsul, startScriptedConsul } from '../scripted-consul/scripted-consul.ts';
import { type Harness, type HarnessOptions, startHarness } from './harness.ts';

/** New for each test of a file that asks for them with `rigEachTest`. */
export let consul: ScriptedConsul;
export let kong: KongDouble;
/** The line between the two, once `start` was called. */
export let harness: Harness | undefined;

/** A scripted Consul and a Kong double before each test; all of it ended after it. */
export function rigEachTest(): void {
  beforeEach(async () => {
    [consul, kong] = await Promise.all([startScriptedConsul(), startKongDouble()]);
  });
  afterEach(async () => {
    await harness?.stop();
    harness = undefined;
    await Promise.all([consul.stop(), kong.stop()]);
  });
}

/** Starts the line; one upstream `web` unless told otherwise. */
export function start(options: Partial<HarnessOptions> = {}): Harness {
  harness = startHarness(consul.url, kong, { upstreams: { web: {} }, ...options });
  return harness;
}
