import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export interface LogOptions {
  readonly level: string;
  readonly format: 'json' | 'pretty';
  readonly destination: DestinationStream & NodeJS.WritableStream;
  readonly colour: boolean;
}

/** A logger that writes to stderr's stream as it is given: stdout is for output. */
export function createLogger({ level, format, destination, colour }: LogOptions): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } };
  if (format === 'json') return pino(options, destination);
  const stream = pretty({ destination, colorize: colour, singleLine: true, translateTime: 'HH:MM:ss.l', sync: true });
  return pino({ level, base: null }, stream);
}

function levelName(level: string): { readonly level: string } {
  return { level };
}
