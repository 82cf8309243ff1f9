import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load.ts';
import { createLogger } from '../log/logger.ts';
import type { World } from './program.ts';
import type { CommandIo, Terminal } from './session.ts';

/** Reads the config and makes what a command needs; undefined when the config is wrong, which is then said on stderr. */
export async function prepare(world: World, flags: Readonly<Record<string, unknown>>): Promise<CommandIo | undefined> {
  const load = () => loadConfig({ flags, env: world.env, readFile: world.readFile });
  try {
    const config = await load();
    const colour = world.stderr.isTTY === true && world.env.NO_COLOR === undefined;
    const format = formatOf(config, world);
    const log = createLogger({ level: config.log.level, format, destination: world.stderr, colour });
    switchLevelOnSignal(world, log);
    return {
      config,
      reloadConfig: load,
      log,
      signal: world.signal,
      print: (text) => world.stdout.write(text),
      ask: world.ask,
      terminal: terminalOf(world),
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    world.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

/** Who looks at a terminal reads sentences, unless he asked for something else. */
function formatOf({ log, origins }: Config, { stderr }: World): Config['log']['format'] {
  return origins.get('log.format') === 'default' && stderr.isTTY === true ? 'pretty' : log.format;
}

function terminalOf({ stdout, env }: World): Terminal {
  return {
    get columns() {
      return stdout.columns ?? (Number(env.COLUMNS) || Number.POSITIVE_INFINITY);
    },
    get rows() {
      return stdout.rows ?? Number.POSITIVE_INFINITY;
    },
    isTerminal: stdout.isTTY === true,
    colour: stdout.isTTY === true && env.NO_COLOR === undefined,
  };
}

/** SIGUSR2 turns debug on, and off again. */
function switchLevelOnSignal(world: World, log: Logger): void {
  let usual = log.level;
  world.onSignal('SIGUSR2', () => {
    if (log.level !== 'debug') usual = log.level;
    log.level = log.level === 'debug' && usual !== 'debug' ? usual : 'debug';
    log.info({ now: log.level }, 'log level switched by SIGUSR2');
  });
}
