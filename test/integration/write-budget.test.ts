import { describe, expect, test } from 'vitest';
import { entry } from '../scripted-consul/catalog.ts';
import { eventually } from './eventually.ts';
import { consul, kong, rigEachTest, start } from './rig.ts';

rigEachTest();

function instances(service: string, from: number, to: number) {
  return Array.from({ length: to - from }, (_, at) =>
    entry({ id: `${service}-${at + from}`, service, address: `10.${(at + from) >> 8}.0.${(at + from) & 255}` }),
  );
}

describe('the budget of writes', () => {
  test('an upstream with a hundred changes does not hold up the only one of another', async () => {
    consul.set('big', instances('big', 0, 1));
    consul.set('small', instances('small', 0, 1));
    start({ upstreams: { big: {}, small: {} }, kong: { writesPerSecond: 20 } });
    await eventually(() => expect(kong.admin.tables.count('targets')).toBe(2));
    kong.clearRequests();

    consul.set('big', instances('big', 0, 101));
    await eventually(() => expect(kong.writes().length).toBeGreaterThan(25));
    consul.set('small', instances('small', 0, 2));
    await eventually(() => expect(kong.targets('small')).toHaveLength(2));
    expect(kong.targets('big').length).toBeLessThan(80);
    await eventually(() => expect(kong.targets('big')).toHaveLength(101));
    expect(kong.writes()).toHaveLength(101);
  });
});

describe('one upstream with two thousand targets', () => {
  test('is filled by additions alone, and one that joins is one write', async () => {
    consul.set('huge', instances('huge', 0, 2_000));
    start({ upstreams: { huge: {} } });
    await eventually(() => expect(kong.targets('huge')).toHaveLength(2_000));
    expect(kong.writes().map(({ method }) => method)).toEqual(Array.from({ length: 2_001 }, () => 'POST'));
    kong.clearRequests();

    consul.set('huge', instances('huge', 0, 2_001));
    await eventually(() => expect(kong.targets('huge')).toHaveLength(2_001));
    expect(kong.writes()).toHaveLength(1);
  });

  test('is renewed with every addition before every removal', async () => {
    consul.set('huge', instances('huge', 0, 200));
    start({ upstreams: { huge: {} }, kong: { writesPerSecond: 10_000 } });
    await eventually(() => expect(kong.targets('huge')).toHaveLength(200));
    kong.clearRequests();

    consul.set('huge', instances('huge', 150, 350));
    await eventually(() => expect(kong.writes()).toHaveLength(300));
    const methods = kong.writes().map(({ method }) => method);
    expect(methods.lastIndexOf('POST')).toBeLessThan(methods.indexOf('DELETE'));
  });
});
