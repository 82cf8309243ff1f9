import type { Binding, BindingOptions, JsonObject } from '../../sidecar/src/core/binding.ts';
import type { Check, CheckStatus, Instance } from '../../sidecar/src/core/instance.ts';
import type { CurrentTarget, CurrentUpstream } from '../../sidecar/src/core/state.ts';

export const TAG = 'kong-consul:test';

export function check(status: CheckStatus, id = `check-${status}`): Check {
  return { id, name: id, status, output: '' };
}

export function instance(overrides: Partial<Instance> = {}): Instance {
  return {
    node: 'node-1',
    id: 'web-1',
    service: 'web',
    tags: [],
    nodeAddress: '10.0.0.1',
    serviceAddress: '',
    taggedAddresses: {},
    port: 8080,
    weights: { passing: 1, warning: 1 },
    checks: [check('passing')],
    ...overrides,
  };
}

/** `count` passing instances on 10.0.0.1, 10.0.0.2, … */
export function instances(count: number, status: CheckStatus = 'passing'): readonly Instance[] {
  return Array.from({ length: count }, (_, at) =>
    instance({ id: `web-${at + 1}`, nodeAddress: `10.0.0.${at + 1}`, checks: [check(status)] }),
  );
}

export function options(overrides: Partial<BindingOptions> = {}): BindingOptions {
  return { passingOnly: false, onNoHealthy: 'keep', panicThreshold: 0, adopt: false, settings: {}, ...overrides };
}

export function binding(overrides: Partial<BindingOptions> = {}): Binding {
  return {
    upstream: 'web',
    query: { service: 'web', tags: [] },
    options: options(overrides),
    source: { kind: 'file', path: 'kong-consul.yml', line: 3 },
  };
}

export function currentTarget(target: string, weight = 1, tags: readonly string[] = [TAG]): CurrentTarget {
  return { target, weight, tags, id: `id-${target}` };
}

export function currentUpstream(
  targets: readonly CurrentTarget[],
  overrides: Partial<CurrentUpstream> & { readonly settings?: JsonObject } = {},
): CurrentUpstream {
  return { name: 'web', id: 'id-web', tags: [TAG], settings: {}, targets, ...overrides };
}
