import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KongDouble, startKongDouble } from '../kong-double/kong-double.ts';
import { type Case, databaseOf, type Recording, Replay, readCases, readRecordings, writeRecordings } from './replay.ts';

const RECORDED = [
  ['postgres', 'cases-postgres.json', 'kong-3.9.1-postgres.json'],
  ['off', 'cases-dbless.json', 'kong-3.9.1-dbless.json'],
] as const;

/** Set to hold a real Kong against the recordings that are for its kind of database, in place of the double. */
const realUrl = process.env.KONG_CONTRACT_ADMIN_URL;
/** Set too, what that Kong answers is put in place of the recording, to be reviewed as a diff. */
const isRecording = realUrl !== undefined && process.env.UPDATE_CONTRACT === '1';
const realDatabase = realUrl === undefined ? undefined : await databaseOf(realUrl);

for (const [database, caseFile, recordingFile] of RECORDED) {
  describe.skipIf(realUrl !== undefined && realDatabase !== database)(
    `what Kong 3.9.1 answered, database: ${database}`,
    async () => {
      const [cases, recordings] = await Promise.all([readCases(caseFile), readRecordings(recordingFile)]);
      let double: KongDouble | undefined;
      let replay: Replay;
      const recorded: (Recording & Pick<Case, 'request'>)[] = [];
      beforeAll(async () => {
        if (realUrl === undefined) double = await startKongDouble({ database, healthUpdateMs: 0 });
        replay = new Replay(realUrl ?? double?.adminUrl ?? '', realUrl !== undefined);
      });
      afterAll(async () => {
        await double?.stop();
        if (isRecording) await writeRecordings(recordingFile, recorded);
      });

      test.each(cases.map((step) => [step.name, step] as const))('%s', async (name, step) => {
        const answer = await replay.send(step);
        recorded.push({ ...answer, request: step.request });
        if (isRecording) return;
        const recording = recordings.get(name);
        expect(answer).toEqual({
          name,
          status: recording?.status,
          headers: recording?.headers,
          body: recording?.body,
        });
      });
    },
  );
}
