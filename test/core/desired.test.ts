import { describe, expect, test } from 'vitest';
import { derive } from '../../sidecar/src/core/desired.ts';
import type { Instance } from '../../sidecar/src/core/instance.ts';
import { binding, check, instance, instances } from './builders.ts';

function targetsOf(list: readonly Instance[], overrides = {}): readonly string[] {
  return derive(binding(overrides), list).desired.targets.map(({ target, weight }) => `${target}=${weight}`);
}

describe('where the address comes from', () => {
  test('Service.Address goes before Node.Address', () => {
    const one = instance({ nodeAddress: '172.17.0.2', serviceAddress: '10.20.171.39', port: 3000 });
    expect(targetsOf([one])).toEqual(['10.20.171.39:3000=1']);
  });
  test('an empty Service.Address falls back to the node', () => {
    expect(targetsOf([instance({ nodeAddress: '10.0.0.5', port: 80 })])).toEqual(['10.0.0.5:80=1']);
  });
  test('a tagged address goes first, with its own port', () => {
    const one = instance({ taggedAddresses: { wan: { address: '198.51.100.1', port: 443 } } });
    expect(targetsOf([one], { addressTag: 'wan' })).toEqual(['198.51.100.1:443=1']);
  });
  test('an instance without the tagged address keeps its usual one', () => {
    expect(targetsOf([instance()], { addressTag: 'wan' })).toEqual(['10.0.0.1:8080=1']);
  });
  test('a tag named like a property of every object is no tag', () => {
    expect(targetsOf([instance()], { addressTag: 'constructor' })).toEqual(['10.0.0.1:8080=1']);
  });
  test("the binding's port goes first", () => {
    expect(targetsOf([instance()], { port: 9999 })).toEqual(['10.0.0.1:9999=1']);
  });
  test('ports are always explicit', () => {
    const both = [instance({ port: 24_866 }), instance({ id: 'web-2', port: 30_960 })];
    expect(targetsOf(both)).toEqual(['10.0.0.1:24866=1', '10.0.0.1:30960=1']);
  });
});

describe('identity', () => {
  test('the same service id on three nodes is three instances', () => {
    const list = [1, 2, 3].map((at) => instance({ node: `n${at}`, id: 'web', nodeAddress: `10.0.0.${at}` }));
    expect(targetsOf(list)).toHaveLength(3);
  });
  test('two instances with one address are one target, and the healthy one speaks for it', () => {
    const list = [
      instance({ node: 'a', checks: [check('critical')] }),
      instance({ node: 'b', weights: { passing: 7, warning: 1 } }),
    ];
    expect(targetsOf(list)).toEqual(['10.0.0.1:8080=7']);
  });
  test('one without a port is skipped and leaves the others', () => {
    const { desired, verdicts } = derive(binding(), [instance(), instance({ id: 'web-2', port: 0 })]);
    expect(desired.targets).toHaveLength(1);
    expect(verdicts[1]?.skipped).toBe('no_port');
  });
});

describe('state and weight', () => {
  const weights = { passing: 10, warning: 1 };
  test.each([
    ['passing', {}, ['10.0.0.1:8080=1', '10.0.0.9:80=10']],
    ['warning', {}, ['10.0.0.1:8080=1', '10.0.0.9:80=1']],
    ['warning', { passingOnly: true }, ['10.0.0.1:8080=1']],
    ['critical', {}, ['10.0.0.1:8080=1']],
  ] as const)('an instance that is %s with %o', (status, overrides, expected) => {
    const other = instance({ id: 'x', nodeAddress: '10.0.0.9', port: 80, weights, checks: [check(status)] });
    expect(targetsOf([instance(), other], overrides)).toEqual(expected);
  });

  test.each(['_node_maintenance', '_service_maintenance:web-2'])('%s takes an instance out', (id) => {
    const drained = instance({ id: 'web-2', nodeAddress: '10.0.0.2', checks: [check('critical', id)] });
    const { desired, verdicts } = derive(binding(), [instance(), drained]);
    expect(desired.targets.map((target) => target.target)).toEqual(['10.0.0.1:8080']);
    expect(verdicts[1]?.skipped).toBe('maintenance');
  });

  test('the worst of all checks counts, node checks included', () => {
    const dying = instance({ id: 'b', checks: [check('passing'), check('critical', 'serfHealth')] });
    expect(derive(binding(), [instance({ nodeAddress: '10.0.0.2' }), dying]).verdicts[0]?.state).toBe('critical');
  });
});

describe('no instance healthy', () => {
  test.each([
    ['keep: all registered stay', instances(3, 'critical'), {}, 3],
    ['remove: none stays', instances(3, 'critical'), { onNoHealthy: 'remove' }, 0],
    ['passing_only counts warning as unhealthy', instances(2, 'warning'), { passingOnly: true }, 2],
    [
      'under the panic threshold: all stay',
      [...instances(1), ...instances(4, 'critical').slice(1)],
      { panicThreshold: 50 },
      4,
    ],
    [
      'at the panic threshold: healthy ones only',
      [...instances(2), ...instances(4, 'critical').slice(2)],
      { panicThreshold: 50 },
      2,
    ],
    ['none registered', [], {}, 0],
  ] as const)('%s', (_, list, overrides, expected) => {
    expect(derive(binding(overrides), list).desired.targets).toHaveLength(expected);
  });

  test('an instance in maintenance is not kept', () => {
    const drained = instance({ id: 'm', nodeAddress: '10.0.0.9', checks: [check('critical', '_node_maintenance')] });
    expect(targetsOf([...instances(1, 'critical'), drained])).toEqual(['10.0.0.1:8080=1']);
  });

  test('weights of zero are raised to one, or nothing would get traffic', () => {
    const zero = instance({ weights: { passing: 1, warning: 0 }, checks: [check('warning')] });
    expect(targetsOf([zero])).toEqual(['10.0.0.1:8080=1']);
  });

  test('entries that cannot be read count as registered', () => {
    expect(derive(binding(), [], 3).counts.registered).toBe(3);
  });
});
