import { type DestinationStream, type Logger, pino } from 'pino';
import { prettyLine } from './pretty.ts';

export interface LogOptions {
  readonly level: string;
  readonly format: 'json' | 'pretty';
  readonly destination: DestinationStream;
  readonly colour: boolean;
}

/** A logger that writes to stderr's stream as it is given: stdout is for output. */
export function createLogger({ level, format, destination, colour }: LogOptions): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } };
  if (format === 'json') return pino(options, destination);
  return pino(options, { write: (line: string) => destination.write(prettyLine(line, colour)) });
}

function levelName(level: string): { readonly level: string } {
  return { level };
}
