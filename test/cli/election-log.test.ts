import { expect, test } from 'vitest';
import { EventLog } from '../../sidecar/src/log/event-log.ts';
import { createLogger } from '../../sidecar/src/log/logger.ts';

function warnings(tell: (events: EventLog) => void): number {
  let written = '';
  const destination = {
    write: (line: string) => {
      written += line;
    },
  };
  tell(new EventLog(createLogger({ level: 'info', format: 'json', destination, colour: false })));
  return written.split('\n').filter((line) => line.includes('the election fails')).length;
}

test('an election that fails in two ways by turns says each once', () => {
  const said = warnings((events) => {
    for (let at = 0; at < 50; at += 1)
      events.electionFailed(at % 2 === 0 ? 'no answer to a lock' : 'no answer to a renewal');
  });
  expect(said).toBe(2);
});

test('an election that fails in ever new ways says only the first of them', () => {
  const said = warnings((events) => {
    for (let at = 0; at < 50; at += 1) events.electionFailed(`read from port ${at} failed`);
  });
  expect(said).toBe(5);
});

test('after a leader was found, what fails is said again', () => {
  const said = warnings((events) => {
    events.electionFailed('no answer');
    events.leader('other');
    events.electionFailed('no answer');
    events.leads();
    events.electionFailed('no answer');
  });
  expect(said).toBe(3);
});
