import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { databaseOf, Replay, readCases, readRecordings } from './replay.ts';

const RECORDED = [
  ['postgres', 'cases-postgres.json', 'kong-3.9.1-postgres.json'],
  ['off', 'cases-dbless.json', 'kong-3.9.1-dbless.json'],
] as const;

/** Set to hold a real Kong against the recordings that are for its kind of database, in place of the double. */
const realUrl = process.env.KONG_CONTRACT_ADMIN_URL;
const realDatabase = realUrl === undefined ? undefined : await databaseOf(realUrl);

for (const [database, caseFile, recordingFile] of RECORDED) {
  describe.skipIf(realUrl !== undefined && realDatabase !== database)(
    `what Kong 3.9.1 answered, database: ${database}`,
    async () => {
      const [cases, recordings] = await Promise.all([readCases(caseFile), readRecordings(recordingFile)]);
      let double: KongDouble | undefined;
      let replay: Replay;
      beforeAll(async () => {
        if (realUrl === undefined) double = await startKongDouble({ database, healthUpdateMs: 0 });
        replay = new Replay(realUrl ?? double?.adminUrl ?? '', realUrl !== undefined);
      });
      afterAll(() => double?.stop());

      test.each(cases.map((step) => [step.name, step] as const))('%s', async (name, step) => {
        const recording = recordings.get(name);
        expect(await replay.send(step)).toEqual({
          name,
          status: recording?.status,
          headers: recording?.headers,
          body: recording?.body,
        });
      });
    },
  );
}
