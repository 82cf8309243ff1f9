import { expect, test } from 'vitest';
import { type ReadinessFacts, unreadinessOf } from '../../sidecar/src/serve/readiness.ts';

const NOW = 1_000_000;
const snapshot = { instances: [], malformed: [], index: 1n, digest: '', atMs: NOW };

function watch(service: string, ageMs?: number) {
  const query = { service, tags: [] };
  return ageMs === undefined
    ? { query, snapshot: undefined, lastSuccessMs: undefined, failure: undefined }
    : { query, snapshot, lastSuccessMs: NOW - ageMs, failure: undefined };
}

function facts(given: Partial<ReadinessFacts>): ReadinessFacts {
  return {
    kongHasAnswered: true,
    isSynced: true,
    watches: [watch('web', 1_000)],
    kongFailure: undefined,
    staleAfterMs: 60_000,
    pollMs: 20_000,
    nowMs: NOW,
    ...given,
  };
}

test.each<[string, Partial<ReadinessFacts>, readonly string[]]>([
  ['all well', {}, []],
  ['nothing is bound', { watches: [] }, []],
  ['no Kong yet', { kongHasAnswered: false, isSynced: false }, ['Kong has not answered yet']],
  ['nothing read yet', { isSynced: false, watches: [] }, ['the first full sync is not done']],
  [
    'bindings could not be read',
    { isSynced: false, watches: [], kongFailure: { sinceMs: NOW, problem: 'Kong answered 500' } },
    ['the first full sync is not done: Kong answered 500'],
  ],
  [
    'five services without an answer',
    { isSynced: false, watches: ['e', 'd', 'c', 'b', 'a'].map((name) => watch(name)) },
    ['no trusted answer from Consul yet: 5 of 5 services (a, b, c and 2 more)'],
  ],
  ['one service silent after the first sync', { watches: [watch('slow'), watch('web', 1)] }, []],
  [
    'an old answer',
    { watches: [watch('web', 60_001), watch('api', 10)] },
    ['no trusted answer from Consul for 60 s or longer: 1 of 2 services (web)'],
  ],
  ['an old answer while polls block for long', { pollMs: 40_000, watches: [watch('web', 60_001)] }, []],
  [
    'an old answer, and why there is no younger one',
    {
      watches: [
        { ...watch('web', 60_001), failure: { reason: 'status', message: '', why: 'ACL not found', atMs: NOW } },
      ],
    },
    ['no trusted answer from Consul for 60 s or longer: 1 of 1 services (web): ACL not found'],
  ],
  ['Kong gone for a moment', { kongFailure: { sinceMs: NOW - 5_000, problem: 'ECONNREFUSED' } }, []],
  [
    'Kong gone for long',
    { kongFailure: { sinceMs: NOW - 61_000, problem: 'ECONNREFUSED' } },
    ['Kong cannot be read for 61 s: ECONNREFUSED'],
  ],
])('%s', (_, given, reasons) => {
  expect(unreadinessOf(facts(given))).toEqual(reasons);
});
